package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

type release struct{ helm *helm }

// chart is what a plan must know of a chart: the version it says it has, and where its files lie.
type chart struct{ path, version string }

func (r *release) Metadata(_ context.Context, request resource.MetadataRequest, answer *resource.MetadataResponse) {
	answer.TypeName = request.ProviderTypeName + "_release"
}

func (r *release) Configure(_ context.Context, request resource.ConfigureRequest, _ *resource.ConfigureResponse) {
	r.helm, _ = request.ProviderData.(*helm)
}

func (r *release) ModifyPlan(ctx context.Context, request resource.ModifyPlanRequest, answer *resource.ModifyPlanResponse) {
	if request.Plan.Raw.IsNull() {
		return
	}
	var plan, config model
	var state *model
	answer.Diagnostics.Append(request.Plan.Get(ctx, &plan)...)
	answer.Diagnostics.Append(request.Config.Get(ctx, &config)...)
	answer.Diagnostics.Append(request.State.Get(ctx, &state)...)
	if answer.Diagnostics.HasError() {
		return
	}
	plan.Status = types.StringValue("deployed")
	plan.Manifest = types.StringNull()
	located, done, err := r.locate(&plan)
	if err != nil {
		answer.Diagnostics.AddError("Error locating chart", fmt.Sprintf("Unable to locate chart %s: %s", plan.Chart.ValueString(), err))
		return
	}
	defer done()
	if plan.Lint.ValueBool() {
		if err := r.lint(located, &plan); err != nil {
			answer.Diagnostics.AddError("Lint Error", err.Error())
			return
		}
	}
	plan.Version = types.StringValue(located.version)
	if plan.UpgradeInstall.ValueBool() && config.Version.IsNull() {
		installed, err := r.helm.installedVersion(plan.Namespace.ValueString(), plan.Name.ValueString())
		if err != nil {
			answer.Diagnostics.AddError("Failed to check installed release version", err.Error())
			return
		}
		if installed != "" {
			plan.Version = types.StringValue(installed)
		}
	} else if wanted := config.Version.ValueString(); !config.Version.IsNull() && wanted != located.version {
		if strings.TrimPrefix(wanted, "v") != strings.TrimPrefix(located.version, "v") {
			answer.Diagnostics.AddError("Planned version is different from configured version",
				fmt.Sprintf("The version in the configuration is %q but the planned version is %q.", wanted, located.version))
			return
		}
		plan.Version = config.Version
	}
	if state == nil || !plan.Chart.Equal(state.Chart) || !plan.Version.Equal(state.Version) || !plan.Values.Equal(state.Values) {
		plan.Details = types.ObjectUnknown(detailTypes)
	}
	answer.Diagnostics.Append(answer.Plan.Set(ctx, &plan)...)
}

func (r *release) Create(ctx context.Context, request resource.CreateRequest, answer *resource.CreateResponse) {
	var plan model
	answer.Diagnostics.Append(request.Plan.Get(ctx, &plan)...)
	if answer.Diagnostics.HasError() {
		return
	}
	name, namespace := plan.Name.ValueString(), plan.Namespace.ValueString()
	verb, options := "install", []string{}
	if plan.UpgradeInstall.ValueBool() {
		installed, err := r.helm.installedVersion(namespace, name)
		if err != nil {
			answer.Diagnostics.AddError("Error checking installed release", fmt.Sprintf("Failed to determine if release exists: %s", err))
			return
		}
		if installed != "" {
			// On this way the real provider passes neither the history's length nor the
			// clean-up nor the wait for jobs.
			verb, options = "upgrade", []string{"--history-max", "0"}
		}
	}
	if verb == "install" {
		options = flags(options, "--wait-for-jobs", plan.WaitForJobs, "--create-namespace", plan.CreateNamespace)
	}
	if err := r.apply(verb, &plan, options); err != nil {
		if _, gone := r.helm.get(namespace, name); gone != nil {
			answer.Diagnostics.AddError("installation failed", err.Error())
			return
		}
		answer.Diagnostics.AddWarning("Helm release created with warnings", fmt.Sprintf("Helm release %q was created but has a failed status. Use the `helm` command to investigate the error, correct it, then run Terraform again.", name))
		answer.Diagnostics.AddError("Helm release error", err.Error())
		return
	}
	answer.Diagnostics.Append(r.read(&plan)...)
	if !answer.Diagnostics.HasError() {
		answer.Diagnostics.Append(answer.State.Set(ctx, &plan)...)
	}
}

func (r *release) Read(ctx context.Context, request resource.ReadRequest, answer *resource.ReadResponse) {
	var state model
	answer.Diagnostics.Append(request.State.Get(ctx, &state)...)
	if answer.Diagnostics.HasError() {
		return
	}
	if _, err := r.helm.get(state.Namespace.ValueString(), state.Name.ValueString()); errors.Is(err, errNotFound) {
		answer.State.RemoveResource(ctx)
		return
	}
	answer.Diagnostics.Append(r.read(&state)...)
	if !answer.Diagnostics.HasError() {
		answer.Diagnostics.Append(answer.State.Set(ctx, &state)...)
	}
}

func (r *release) Update(ctx context.Context, request resource.UpdateRequest, answer *resource.UpdateResponse) {
	var plan model
	answer.Diagnostics.Append(request.Plan.Get(ctx, &plan)...)
	if answer.Diagnostics.HasError() {
		return
	}
	options := flags([]string{"--history-max", fmt.Sprint(plan.MaxHistory.ValueInt64())},
		"--wait-for-jobs", plan.WaitForJobs, "--cleanup-on-fail", plan.CleanupOnFail)
	if err := r.apply("upgrade", &plan, options); err != nil {
		answer.Diagnostics.AddError("Error upgrading chart", fmt.Sprintf("Upgrade failed: %s", err))
		return
	}
	answer.Diagnostics.Append(r.read(&plan)...)
	if !answer.Diagnostics.HasError() {
		answer.Diagnostics.Append(answer.State.Set(ctx, &plan)...)
	}
}

func (r *release) Delete(ctx context.Context, request resource.DeleteRequest, answer *resource.DeleteResponse) {
	var state model
	answer.Diagnostics.Append(request.State.Get(ctx, &state)...)
	if answer.Diagnostics.HasError() {
		return
	}
	name, namespace := state.Name.ValueString(), state.Namespace.ValueString()
	options := flags([]string{"uninstall", name, "--namespace", namespace, "--timeout", seconds(&state)}, "--wait", state.Wait)
	said, err := r.helm.run(options...)
	if errors.Is(err, errNotFound) {
		return
	} else if err != nil {
		answer.Diagnostics.AddError("Error uninstalling release", fmt.Sprintf("Unable to uninstall Helm release %s: %s", name, err))
		return
	}
	if kept := strings.TrimSpace(strings.Split(said, "release \""+name)[0]); kept != "" {
		answer.Diagnostics.AddWarning("Helm uninstall returned an information message", kept)
	}
}

func (r *release) ImportState(ctx context.Context, request resource.ImportStateRequest, answer *resource.ImportStateResponse) {
	namespace, name, ok := strings.Cut(request.ID, "/")
	if !ok {
		answer.Diagnostics.AddError("Unable to parse import identifier", fmt.Sprintf("Unexpected ID format (%q), expected namespace/name", request.ID))
		return
	}
	state := defaults()
	state.Name, state.Namespace = types.StringValue(name), types.StringValue(namespace)
	release, err := r.helm.get(namespace, name)
	if err != nil {
		answer.Diagnostics.AddError("Error getting release", fmt.Sprintf("Unable to get Helm release %s: %s", name, err))
		return
	}
	state.Description = types.StringValue(release.Info.Description)
	state.Chart = types.StringValue(release.Chart.Chart)
	answer.Diagnostics.Append(r.read(&state)...)
	if !answer.Diagnostics.HasError() {
		answer.Diagnostics.Append(answer.State.Set(ctx, &state)...)
	}
}

// read fills in what the cluster knows. Like the real one it leaves the description alone.
func (r *release) read(state *model) (wrong diag.Diagnostics) {
	release, err := r.helm.get(state.Namespace.ValueString(), state.Name.ValueString())
	if err != nil {
		wrong.AddError("Error getting release", fmt.Sprintf("Unable to get Helm release %s: %s", state.Name.ValueString(), err))
		return wrong
	}
	if strings.TrimPrefix(release.Chart.Version, "v") != strings.TrimPrefix(state.Version.ValueString(), "v") {
		state.Version = types.StringValue(release.Chart.Version)
	}
	if release.Config == nil {
		release.Config = map[string]any{}
	}
	values, _ := json.Marshal(release.Config)
	state.ID, state.Manifest = types.StringValue(release.Name), types.StringNull()
	state.Status = types.StringValue(release.Info.Status)
	details, problems := types.ObjectValue(detailTypes, map[string]attr.Value{
		"name":           types.StringValue(release.Name),
		"namespace":      types.StringValue(release.Namespace),
		"revision":       types.Int64Value(release.Version),
		"chart":          types.StringValue(release.Chart.Chart),
		"version":        types.StringValue(release.Chart.Version),
		"app_version":    types.StringValue(release.Chart.AppVersion),
		"values":         types.StringValue(string(values)),
		"first_deployed": unix(release.Info.FirstDeployed),
		"last_deployed":  unix(release.Info.LastDeployed),
		"notes":          types.StringValue(release.Info.Notes),
	})
	state.Details = details
	return append(wrong, problems...)
}

func (r *release) apply(verb string, plan *model, options []string) error {
	located, done, err := r.locate(plan)
	if err != nil {
		return err
	}
	defer done()
	arguments := []string{verb, plan.Name.ValueString(), located.path,
		"--namespace", plan.Namespace.ValueString(), "--timeout", seconds(plan)}
	if text := plan.Description.ValueString(); text != "" {
		arguments = append(arguments, "--description", text)
	}
	arguments = flags(append(arguments, options...), "--atomic", plan.Atomic, "--wait", plan.Wait)
	return r.withValues(plan, func(files []string) error {
		_, err := r.helm.run(append(arguments, files...)...)
		return err
	})
}

func (r *release) lint(located chart, plan *model) error {
	return r.withValues(plan, func(files []string) error {
		said, err := r.helm.run(append([]string{"lint", located.path}, files...)...)
		if err == nil {
			return nil
		}
		wrong := []string{}
		for _, line := range strings.Split(said, "\n") {
			if text, is := strings.CutPrefix(line, "[ERROR] "); is || (len(wrong) > 0 && !strings.HasPrefix(line, "[")) {
				wrong = append(wrong, strings.TrimSpace(text))
			}
		}
		return fmt.Errorf("malformed chart or values: \n\t%s", strings.TrimSpace(strings.Join(wrong, "\n\t")))
	})
}

// locate finds the chart's files; one in a registry is pulled into a folder that `done` removes.
func (r *release) locate(plan *model) (located chart, done func(), err error) {
	located.path, done = plan.Chart.ValueString(), func() {}
	if _, missing := os.Stat(located.path); missing != nil {
		folder, err := os.MkdirTemp("", "chart-")
		if err != nil {
			return located, done, err
		}
		done = func() { os.RemoveAll(folder) }
		pull := []string{"pull", located.path, "--destination", folder, "--version", plan.Version.ValueString()}
		if os.Getenv("MORROW_STAND_IN_PLAIN_HTTP") != "" {
			pull = append(pull, "--plain-http")
		}
		if _, err := r.helm.run(pull...); err != nil {
			done()
			return located, func() {}, err
		}
		archives, _ := filepath.Glob(filepath.Join(folder, "*.tgz"))
		located.path = archives[0]
	}
	text, err := r.helm.run("show", "chart", located.path)
	for _, line := range strings.Split(text, "\n") {
		if version, is := strings.CutPrefix(line, "version: "); is {
			located.version = strings.Trim(version, `"'`)
		}
	}
	return located, done, err
}

func (r *release) withValues(plan *model, act func(files []string) error) error {
	folder, err := os.MkdirTemp("", "values-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	files := []string{}
	for index, element := range plan.Values.Elements() {
		text, _ := element.(types.String)
		file := filepath.Join(folder, fmt.Sprintf("%d.yaml", index))
		if err := os.WriteFile(file, []byte(text.ValueString()), 0o600); err != nil {
			return err
		}
		files = append(files, "--values", file)
	}
	return act(files)
}

func flags(arguments []string, pairs ...any) []string {
	for index := 0; index < len(pairs); index += 2 {
		if pairs[index+1].(types.Bool).ValueBool() {
			arguments = append(arguments, pairs[index].(string))
		}
	}
	return arguments
}

func seconds(plan *model) string { return fmt.Sprintf("%ds", plan.Timeout.ValueInt64()) }

func unix(text string) types.Int64 {
	at, _ := time.Parse(time.RFC3339Nano, text)
	return types.Int64Value(at.Unix())
}

var _ resource.ResourceWithImportState = &release{}
var _ resource.ResourceWithModifyPlan = &release{}
