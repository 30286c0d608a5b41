package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sort"
	"strings"
	"syscall"
)

// helm runs the program against one cluster.
type helm struct{ kubeconfig, context string }

// found is what Helm keeps of the newest revision of a release.
type found struct {
	Name, Namespace string
	Version         int64
	Config          map[string]any
	Info            struct {
		FirstDeployed string `json:"first_deployed"`
		LastDeployed  string `json:"last_deployed"`
		Description   string
		Status, Notes string
	}
	Chart struct{ Chart, Version, AppVersion string } `json:"-"`
}

var errNotFound = errors.New("release: not found")

func (h *helm) run(arguments ...string) (string, error) {
	program := os.Getenv("MORROW_STAND_IN_HELM")
	if program == "" {
		program = "helm"
	}
	kubeconfig := h.kubeconfig
	if kubeconfig == "~" || strings.HasPrefix(kubeconfig, "~/") {
		kubeconfig = filepath.Join(os.Getenv("HOME"), strings.TrimPrefix(kubeconfig, "~"))
	}
	if kubeconfig == "" {
		kubeconfig = os.DevNull
	}
	arguments = append(arguments, "--kubeconfig", kubeconfig)
	if h.context != "" {
		arguments = append(arguments, "--kube-context", h.context)
	}
	command := exec.Command(program, arguments...)
	// The real provider is Helm: an interrupt of the terminal does not reach it, its death does.
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	var wrong strings.Builder
	command.Stderr = &wrong
	answer, err := command.Output()
	if err == nil {
		return string(answer), nil
	}
	said := strings.TrimSpace(wrong.String())
	if strings.Contains(said, errNotFound.Error()) {
		return string(answer), errNotFound
	}
	if lines := strings.Split(said, "\n"); said != "" {
		for start, line := range lines {
			if strings.HasPrefix(line, "Error: ") {
				said = strings.TrimPrefix(strings.Join(lines[start:], "\n"), "Error: ")
				break
			}
		}
		said = strings.TrimPrefix(strings.TrimPrefix(said, "INSTALLATION FAILED: "), "UPGRADE FAILED: ")
		err = errors.New(said)
	}
	return string(answer), err
}

func (h *helm) get(namespace, name string) (*found, error) {
	text, err := h.run("status", name, "--namespace", namespace, "--output", "json")
	if err != nil {
		return nil, err
	}
	var release found
	if err := json.Unmarshal([]byte(text), &release); err != nil {
		return nil, err
	}
	return &release, h.metadata(namespace, name, release.Version, &release.Chart)
}

func (h *helm) metadata(namespace, name string, revision int64, into any) error {
	text, err := h.run("get", "metadata", name, "--namespace", namespace,
		"--revision", fmt.Sprint(revision), "--output", "json")
	if err != nil {
		return err
	}
	return json.Unmarshal([]byte(text), into)
}

// installedVersion is the chart version of the revision that the storage lists first, which is
// the first by the alphabet and not the newest: so does the real provider.
func (h *helm) installedVersion(namespace, name string) (string, error) {
	text, err := h.run("history", name, "--namespace", namespace, "--max", "10000", "--output", "json")
	if errors.Is(err, errNotFound) {
		return "", nil
	} else if err != nil {
		return "", err
	}
	var revisions []struct{ Revision int64 }
	if err := json.Unmarshal([]byte(text), &revisions); err != nil {
		return "", err
	}
	sort.Slice(revisions, func(a, b int) bool {
		return fmt.Sprint(revisions[a].Revision) < fmt.Sprint(revisions[b].Revision)
	})
	var chart struct{ Version string }
	err = h.metadata(namespace, name, revisions[0].Revision, &chart)
	return chart.Version, err
}
