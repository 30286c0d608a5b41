// A stand-in for the provider hashicorp/helm, for this repository's tests only.
//
// It knows the part of `helm_release` that terraform/modules/service uses, with the names,
// types, defaults and behaviour of 3.1.x, and really installs: it drives the program named by
// MORROW_STAND_IN_HELM (else `helm` on PATH). The tests use it where the real one cannot be had.
package main

import (
	"context"
	"log"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/provider/schema"
	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

func main() {
	options := providerserver.ServeOpts{Address: "example.com/hashicorp/helm"}
	if err := providerserver.Serve(context.Background(), func() provider.Provider { return standIn{} }, options); err != nil {
		log.Fatal(err)
	}
}

type standIn struct{}

func (standIn) Metadata(_ context.Context, _ provider.MetadataRequest, answer *provider.MetadataResponse) {
	answer.TypeName = "helm"
}

func (standIn) Schema(_ context.Context, _ provider.SchemaRequest, answer *provider.SchemaResponse) {
	answer.Schema = schema.Schema{Attributes: map[string]schema.Attribute{
		"kubernetes": schema.SingleNestedAttribute{Optional: true, Attributes: map[string]schema.Attribute{
			"config_path":    schema.StringAttribute{Optional: true},
			"config_context": schema.StringAttribute{Optional: true},
		}},
	}}
}

func (standIn) Configure(ctx context.Context, request provider.ConfigureRequest, answer *provider.ConfigureResponse) {
	var given struct {
		Kubernetes *struct {
			ConfigPath    types.String `tfsdk:"config_path"`
			ConfigContext types.String `tfsdk:"config_context"`
		} `tfsdk:"kubernetes"`
	}
	answer.Diagnostics.Append(request.Config.Get(ctx, &given)...)
	cluster := helm{}
	if given.Kubernetes != nil {
		cluster.kubeconfig = given.Kubernetes.ConfigPath.ValueString()
		cluster.context = given.Kubernetes.ConfigContext.ValueString()
	}
	answer.ResourceData = &cluster
}

func (standIn) Resources(context.Context) []func() resource.Resource {
	return []func() resource.Resource{func() resource.Resource { return &release{} }}
}

func (standIn) DataSources(context.Context) []func() datasource.DataSource { return nil }
