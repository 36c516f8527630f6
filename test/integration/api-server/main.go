// A Kubernetes API server that serves custom resources alone, for tests on one machine:
// k8s.io/apiextensions-apiserver without what asks a second API server (authentication,
// authorization, admission, priorities, conversion by webhooks).
package main

import (
	"errors"
	"net"
	"net/url"
	"os"

	"github.com/spf13/cobra"
	"k8s.io/apiextensions-apiserver/pkg/apiserver"
	"k8s.io/apiextensions-apiserver/pkg/cmd/server/options"
	generatedopenapi "k8s.io/apiextensions-apiserver/pkg/generated/openapi"
	openapinamer "k8s.io/apiserver/pkg/endpoints/openapi"
	genericapiserver "k8s.io/apiserver/pkg/server"
	"k8s.io/apiserver/pkg/util/openapi"
	"k8s.io/component-base/cli"
)

// noServices is where webhooks would be found.
type noServices struct{}

func (noServices) ResolveEndpoint(string, string, int32) (*url.URL, error) {
	return nil, errors.New("this server knows no services")
}

func configure(settings *options.CustomResourceDefinitionsServerOptions) (*apiserver.Config, error) {
	if err := settings.Complete(); err != nil {
		return nil, err
	}
	recommended := settings.RecommendedOptions
	loopback := []net.IP{net.IPv4(127, 0, 0, 1)}
	if err := recommended.SecureServing.MaybeDefaultWithSelfSignedCerts("localhost", nil, loopback); err != nil {
		return nil, err
	}
	config := genericapiserver.NewRecommendedConfig(apiserver.Codecs)
	if err := settings.ServerRunOptions.ApplyTo(&config.Config); err != nil {
		return nil, err
	}
	if err := recommended.ApplyTo(config); err != nil {
		return nil, err
	}
	resources := apiserver.DefaultAPIResourceConfigSource()
	if err := settings.APIEnablement.ApplyTo(&config.Config, resources, apiserver.Scheme); err != nil {
		return nil, err
	}
	definitions := openapi.GetOpenAPIDefinitionsWithoutDisabledFeatures(generatedopenapi.GetOpenAPIDefinitions)
	names := openapinamer.NewDefinitionNamer(apiserver.Scheme)
	config.OpenAPIV3Config = genericapiserver.DefaultOpenAPIV3Config(definitions, names)
	return &apiserver.Config{
		GenericConfig: config,
		ExtraConfig: apiserver.ExtraConfig{
			CRDRESTOptionsGetter: options.NewCRDRESTOptionsGetter(
				*recommended.Etcd, config.ResourceTransformers, config.StorageObjectCountTracker),
			ServiceResolver: noServices{},
		},
	}, nil
}

func main() {
	settings := options.NewCustomResourceDefinitionsServerOptions(os.Stdout, os.Stderr)
	recommended := settings.RecommendedOptions
	recommended.Authentication = nil
	recommended.Authorization = nil
	recommended.CoreAPI = nil
	recommended.Admission = nil
	recommended.Features.EnablePriorityAndFairness = false
	command := &cobra.Command{
		Use:          "api-server",
		SilenceUsage: true,
		RunE: func(command *cobra.Command, _ []string) error {
			config, err := configure(settings)
			if err != nil {
				return err
			}
			server, err := config.Complete().New(genericapiserver.NewEmptyDelegate())
			if err != nil {
				return err
			}
			return server.GenericAPIServer.PrepareRun().RunWithContext(command.Context())
		},
	}
	settings.AddFlags(command.Flags())
	command.SetContext(genericapiserver.SetupSignalContext())
	os.Exit(cli.Run(command))
}
