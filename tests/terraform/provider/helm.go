package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"

	"github.com/hashicorp/terraform-plugin-framework/types"
)

// helm runs the program against one cluster.
type helm struct{ kubeconfig, context string }

// found is what Helm keeps of the newest revision of a release.
type found struct {
	Version int64
	Config  map[string]any
	Info    struct{ Description, Status, Notes string }
	Chart   struct{ Chart, Version string } `json:"-"`
}

func (h *helm) run(arguments ...string) (string, error) {
	program := os.Getenv("MORROW_STAND_IN_HELM")
	if program == "" {
		program = "helm"
	}
	kubeconfig := h.kubeconfig
	if overruled := os.Getenv("KUBE_CONFIG_PATHS"); overruled != "" {
		kubeconfig = overruled
	}
	if home, is := strings.CutPrefix(kubeconfig, "~/"); is {
		kubeconfig = filepath.Join(os.Getenv("HOME"), home)
	} else if kubeconfig == "" {
		kubeconfig = os.DevNull // the real provider never reads KUBECONFIG
	}
	command := exec.Command(program, append(arguments, "--kubeconfig", kubeconfig, "--kube-context", h.context)...)
	// The real provider is Helm: an interrupt of the terminal does not reach it, its death does.
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	var wrong strings.Builder
	command.Stderr = &wrong
	answer, err := command.Output()
	if _, said, is := strings.Cut("\n"+wrong.String(), "\nError: "); err != nil && is {
		said = strings.TrimPrefix(strings.TrimPrefix(said, "INSTALLATION FAILED: "), "UPGRADE FAILED: ")
		err = errors.New(strings.TrimSpace(said))
	}
	return string(answer), err
}

func (h *helm) get(namespace, name string) (release found, err error) {
	status, err := h.run("status", name, "--namespace", namespace, "--output", "json")
	if err != nil {
		return release, err
	}
	if err = json.Unmarshal([]byte(status), &release); err != nil {
		return release, err
	}
	chart, err := h.run("get", "metadata", name, "--namespace", namespace,
		"--revision", fmt.Sprint(release.Version), "--output", "json")
	if err != nil {
		return release, err
	}
	return release, json.Unmarshal([]byte(chart), &release.Chart)
}

// prepare lays a plan's values into files of a folder, and its chart where it lies in a registry.
// It returns the arguments that name both, the chart's version, and how to clean up.
func (h *helm) prepare(plan *model) (arguments []string, version string, done func(), err error) {
	folder, err := os.MkdirTemp("", "helm-")
	done = func() { os.RemoveAll(folder) }
	if err != nil {
		return nil, "", done, err
	}
	chart := plan.Chart.ValueString()
	if strings.HasPrefix(chart, "oci://") {
		if _, err = h.run("pull", chart, "--untar", "--untardir", folder, "--version", plan.Version.ValueString()); err != nil {
			return nil, "", done, err
		}
		inside, _ := os.ReadDir(folder)
		chart = filepath.Join(folder, inside[0].Name())
	}
	described, err := h.run("show", "chart", chart)
	for _, line := range strings.Split(described, "\n") {
		if text, is := strings.CutPrefix(line, "version: "); is {
			version = strings.Trim(text, `"'`)
		}
	}
	arguments = []string{chart}
	for index, element := range plan.Values.Elements() {
		file := filepath.Join(folder, fmt.Sprintf("values-%d", index))
		if failed := os.WriteFile(file, []byte(element.(types.String).ValueString()), 0o600); failed != nil {
			err = failed
		}
		arguments = append(arguments, "--values", file)
	}
	return arguments, version, done, err
}
