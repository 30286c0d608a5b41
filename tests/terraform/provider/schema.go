package main

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/booldefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/int64default"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

type model struct {
	Atomic          types.Bool   `tfsdk:"atomic"`
	Chart           types.String `tfsdk:"chart"`
	CleanupOnFail   types.Bool   `tfsdk:"cleanup_on_fail"`
	CreateNamespace types.Bool   `tfsdk:"create_namespace"`
	Description     types.String `tfsdk:"description"`
	Details         types.Object `tfsdk:"metadata"`
	Lint            types.Bool   `tfsdk:"lint"`
	MaxHistory      types.Int64  `tfsdk:"max_history"`
	Name            types.String `tfsdk:"name"`
	Namespace       types.String `tfsdk:"namespace"`
	Status          types.String `tfsdk:"status"`
	Timeout         types.Int64  `tfsdk:"timeout"`
	UpgradeInstall  types.Bool   `tfsdk:"upgrade_install"`
	Values          types.List   `tfsdk:"values"`
	Version         types.String `tfsdk:"version"`
	Wait            types.Bool   `tfsdk:"wait"`
	WaitForJobs     types.Bool   `tfsdk:"wait_for_jobs"`
}

var switches = map[string]bool{
	"atomic": false, "cleanup_on_fail": false, "create_namespace": false, "lint": false,
	"upgrade_install": false, "wait": true, "wait_for_jobs": false,
}

var numbers = map[string]int64{"max_history": 0, "timeout": 300}

// Of the ten that the real one has, what can differ between a state and the cluster, or hold a value.
var detailTypes = map[string]attr.Type{
	"revision": types.Int64Type, "values": types.StringType, "notes": types.StringType,
}

func (r *release) Schema(_ context.Context, _ resource.SchemaRequest, answer *resource.SchemaResponse) {
	replace := []planmodifier.String{stringplanmodifier.RequiresReplace()}
	attributes := map[string]schema.Attribute{
		"chart":       schema.StringAttribute{Required: true},
		"description": schema.StringAttribute{Optional: true, Computed: true},
		"metadata": schema.SingleNestedAttribute{Computed: true, Attributes: map[string]schema.Attribute{
			"revision": schema.Int64Attribute{Computed: true},
			"values":   schema.StringAttribute{Computed: true},
			"notes":    schema.StringAttribute{Computed: true},
		}},
		"name":      schema.StringAttribute{Required: true, PlanModifiers: replace},
		"namespace": schema.StringAttribute{Required: true, PlanModifiers: replace},
		"status":    schema.StringAttribute{Computed: true},
		"values":    schema.ListAttribute{Optional: true, ElementType: types.StringType},
		"version":   schema.StringAttribute{Optional: true, Computed: true},
	}
	for name, value := range switches {
		attributes[name] = schema.BoolAttribute{Optional: true, Computed: true, Default: booldefault.StaticBool(value)}
	}
	for name, value := range numbers {
		attributes[name] = schema.Int64Attribute{Optional: true, Computed: true, Default: int64default.StaticInt64(value)}
	}
	answer.Schema = schema.Schema{Version: 2, Attributes: attributes}
}
