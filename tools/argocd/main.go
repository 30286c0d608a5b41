// Argo CD's three controllers in one program, by its own commands, and two things beside: the
// Redis that they keep their notes in (in memory, as Argo CD's own headless mode does), and a
// question to the repo-server for what it renders.
//
//	argocd repo-server|application-controller|applicationset-controller FLAGS
//	argocd redis ADDRESS
//	argocd manifests REPO-SERVER < application.json
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/spf13/cobra"
	"k8s.io/klog/v2"

	applications "github.com/argoproj/argo-cd/v3/cmd/argocd-application-controller/commands"
	sets "github.com/argoproj/argo-cd/v3/cmd/argocd-applicationset-controller/commands"
	repositories "github.com/argoproj/argo-cd/v3/cmd/argocd-repo-server/commands"
	"github.com/argoproj/argo-cd/v3/common"
	"github.com/argoproj/argo-cd/v3/pkg/apis/application/v1alpha1"
	"github.com/argoproj/argo-cd/v3/reposerver/apiclient"
	"github.com/argoproj/argo-cd/v3/util/log"
)

// What it can be started as, each with the name of the program that Argo CD ships.
var roles = map[string]func() *cobra.Command{
	"repo-server":               repositories.NewCommand,
	"application-controller":    applications.NewCommand,
	"applicationset-controller": sets.NewCommand,
}

func main() {
	if len(os.Args) < 2 {
		end(fmt.Errorf("say what to be"))
	}
	role := os.Args[1]
	if command, known := roles[role]; known {
		klog.SetLogger(log.NewLogrusLogger(log.NewWithCurrentConfig()))
		os.Args = append([]string{"argocd-" + role}, os.Args[2:]...)
		end(command().Execute())
	}
	if len(os.Args) != 3 {
		end(fmt.Errorf("%s: one address", role))
	}
	if role == "redis" {
		end(redis(os.Args[2]))
	}
	end(manifests(os.Args[2]))
}

func end(problem error) {
	if problem != nil {
		fmt.Fprintln(os.Stderr, problem)
		os.Exit(1)
	}
	os.Exit(0)
}

// redis forgets what is due by the clock; by itself it would only when a test tells it to.
func redis(address string) error {
	server := miniredis.NewMiniRedis()
	if problem := server.StartAddr(address); problem != nil {
		return problem
	}
	for range time.Tick(time.Second) {
		server.FastForward(time.Second)
	}
	return nil
}

// manifests asks for what an Application's source comes to, as its controller does.
func manifests(address string) error {
	asked := struct {
		v1alpha1.Application
		KubeVersion string
		APIVersions []string
	}{}
	if problem := json.NewDecoder(os.Stdin).Decode(&asked); problem != nil {
		return problem
	}
	how := apiclient.TLSConfiguration{DisableTLS: true}
	connection, client, problem := apiclient.NewRepoServerClientset(address, 60, how).NewRepoServerClient()
	if problem != nil {
		return problem
	}
	defer connection.Close()
	source := asked.Spec.GetSource()
	told, problem := client.GenerateManifest(context.Background(), &apiclient.ManifestRequest{
		Repo:              &v1alpha1.Repository{Repo: source.RepoURL},
		Revision:          source.TargetRevision,
		NoRevisionCache:   true,
		AppLabelKey:       common.LabelKeyAppInstance,
		AppName:           asked.Name,
		Namespace:         asked.Spec.Destination.Namespace,
		ApplicationSource: &source,
		KubeVersion:       asked.KubeVersion,
		ApiVersions:       asked.APIVersions,
		TrackingMethod:    string(v1alpha1.TrackingMethodAnnotation),
		ProjectName:       asked.Spec.Project,
	})
	if problem != nil {
		return problem
	}
	return json.NewEncoder(os.Stdout).Encode(told.Manifests)
}
