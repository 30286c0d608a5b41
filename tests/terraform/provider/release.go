package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

type release struct{ helm *helm }

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
	var plan model
	var state *model
	answer.Diagnostics.Append(request.Plan.Get(ctx, &plan)...)
	answer.Diagnostics.Append(request.State.Get(ctx, &state)...)
	if answer.Diagnostics.HasError() {
		return
	}
	plan.Status = types.StringValue("deployed")
	if plan.Description.ValueString() == "" { // as the real one: none is what the last one was
		plan.Description = types.StringNull()
		if state != nil {
			plan.Description = state.Description
		}
	}
	arguments, version, done, err := r.helm.prepare(&plan)
	defer done()
	if err != nil {
		answer.Diagnostics.AddError("Error locating chart", fmt.Sprintf("Unable to locate chart %s: %s", plan.Chart.ValueString(), err))
		return
	}
	if plan.Lint.ValueBool() {
		if said, err := r.helm.run(append([]string{"lint"}, arguments...)...); err != nil {
			answer.Diagnostics.AddError("Lint Error", "malformed chart or values: \n\t"+mistakes(said))
			return
		}
	}
	if wanted := plan.Version.ValueString(); wanted != version {
		answer.Diagnostics.AddError("Planned version is different from configured version",
			fmt.Sprintf("The version in the configuration is %q but the planned version is %q.", wanted, version))
		return
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
	before, err := r.helm.get(namespace, name)
	if err != nil && !strings.Contains(err.Error(), "not found") {
		answer.Diagnostics.AddError("Error checking installed release", fmt.Sprintf("Failed to determine if release exists: %s", err))
		return
	}
	if err == nil && plan.UpgradeInstall.ValueBool() {
		// On this way the real provider passes neither the history's length nor the clean-up nor
		// the wait for jobs.
		err = r.apply(&plan, "upgrade", "--history-max", "0")
	} else {
		options := flags("--wait-for-jobs", plan.WaitForJobs, "--create-namespace", plan.CreateNamespace)
		err = r.apply(&plan, "install", options...)
	}
	if err != nil {
		if after, gone := r.helm.get(namespace, name); gone != nil || after.Version == before.Version {
			answer.Diagnostics.AddError("installation failed", err.Error())
			return
		}
		answer.Diagnostics.AddWarning("Helm release created with warnings", fmt.Sprintf("Helm release %q was created but has a failed status. Use the `helm` command to investigate the error, correct it, then run Terraform again.", name))
		answer.Diagnostics.AddError("Helm release error", err.Error())
		return
	}
	answer.Diagnostics.Append(r.save(ctx, &plan, &answer.State)...)
}

func (r *release) Read(ctx context.Context, request resource.ReadRequest, answer *resource.ReadResponse) {
	var state model
	answer.Diagnostics.Append(request.State.Get(ctx, &state)...)
	if answer.Diagnostics.HasError() {
		return
	}
	// The real provider takes a cluster that does not answer for one without the release, too.
	if _, err := r.helm.get(state.Namespace.ValueString(), state.Name.ValueString()); err != nil {
		answer.State.RemoveResource(ctx)
		return
	}
	answer.Diagnostics.Append(r.save(ctx, &state, &answer.State)...)
}

func (r *release) Update(ctx context.Context, request resource.UpdateRequest, answer *resource.UpdateResponse) {
	var plan model
	answer.Diagnostics.Append(request.Plan.Get(ctx, &plan)...)
	if answer.Diagnostics.HasError() {
		return
	}
	options := flags("--wait-for-jobs", plan.WaitForJobs, "--cleanup-on-fail", plan.CleanupOnFail)
	options = append(options, "--history-max", fmt.Sprint(plan.MaxHistory.ValueInt64()))
	if err := r.apply(&plan, "upgrade", options...); err != nil {
		answer.Diagnostics.AddError("Error upgrading chart", fmt.Sprintf("Upgrade failed: %s", err))
		return
	}
	answer.Diagnostics.Append(r.save(ctx, &plan, &answer.State)...)
}

func (r *release) Delete(ctx context.Context, request resource.DeleteRequest, answer *resource.DeleteResponse) {
	var state model
	answer.Diagnostics.Append(request.State.Get(ctx, &state)...)
	if answer.Diagnostics.HasError() {
		return
	}
	name, namespace := state.Name.ValueString(), state.Namespace.ValueString()
	if _, err := r.helm.get(namespace, name); err != nil {
		return
	}
	said, err := r.helm.run(append([]string{"uninstall", name, "--namespace", namespace},
		flags("--wait", state.Wait, "--timeout", state.Timeout)...)...)
	if err != nil {
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
	release, err := r.helm.get(namespace, name)
	if err != nil {
		answer.Diagnostics.AddError("Error getting release", fmt.Sprintf("Unable to get Helm release %s: %s", name, err))
		return
	}
	answer.Diagnostics.Append(r.save(ctx, &model{
		Name: types.StringValue(name), Namespace: types.StringValue(namespace),
		Description: types.StringValue(release.Info.Description),
		Chart:       types.StringValue(release.Chart.Chart),
		Values:      types.ListNull(types.StringType),
	}, &answer.State)...)
	for option, value := range switches {
		answer.Diagnostics.Append(answer.State.SetAttribute(ctx, path.Root(option), value)...)
	}
	for option, value := range numbers {
		answer.Diagnostics.Append(answer.State.SetAttribute(ctx, path.Root(option), value)...)
	}
}

// save fills in what the cluster knows. Like the real one it leaves the description alone.
func (r *release) save(ctx context.Context, known *model, state *tfsdk.State) (wrong diag.Diagnostics) {
	release, err := r.helm.get(known.Namespace.ValueString(), known.Name.ValueString())
	if err != nil {
		wrong.AddError("Error getting release", fmt.Sprintf("Unable to get Helm release %s: %s", known.Name.ValueString(), err))
		return wrong
	}
	values := []byte("{}")
	if release.Config != nil {
		values, _ = json.Marshal(release.Config)
	}
	known.Version = types.StringValue(release.Chart.Version)
	known.Status = types.StringValue(release.Info.Status)
	known.Details, wrong = types.ObjectValue(detailTypes, map[string]attr.Value{
		"revision": types.Int64Value(release.Version),
		"values":   types.StringValue(string(values)),
		"notes":    types.StringValue(release.Info.Notes),
	})
	return append(wrong, state.Set(ctx, known)...)
}

func (r *release) apply(plan *model, verb string, options ...string) error {
	arguments, _, done, err := r.helm.prepare(plan)
	defer done()
	if err != nil {
		return err
	}
	arguments = append([]string{verb, plan.Name.ValueString()}, append(arguments, options...)...)
	_, err = r.helm.run(append(arguments, flags("--namespace", plan.Namespace, "--timeout", plan.Timeout,
		"--description", plan.Description, "--atomic", plan.Atomic, "--wait", plan.Wait)...)...)
	return err
}

// mistakes is what `helm lint` calls errors, without its other remarks.
func mistakes(said string) string {
	wrong := []string{}
	for _, line := range strings.Split(said, "\n") {
		if text, is := strings.CutPrefix(line, "[ERROR] "); is || (len(wrong) > 0 && !strings.HasPrefix(line, "[")) {
			wrong = append(wrong, strings.TrimSpace(text))
		}
	}
	return strings.TrimSpace(strings.Join(wrong, "\n\t"))
}

// flags are the arguments for attributes; one that is false is none.
func flags(pairs ...any) (arguments []string) {
	for index := 0; index < len(pairs); index += 2 {
		name := pairs[index].(string)
		switch value := pairs[index+1].(type) {
		case types.Bool:
			if value.ValueBool() {
				arguments = append(arguments, name)
			}
		case types.Int64:
			arguments = append(arguments, name, fmt.Sprintf("%ds", value.ValueInt64()))
		case types.String:
			arguments = append(arguments, name, value.ValueString())
		}
	}
	return arguments
}

var _ resource.ResourceWithImportState = &release{}
var _ resource.ResourceWithModifyPlan = &release{}
