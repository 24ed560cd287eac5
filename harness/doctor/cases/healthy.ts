import type { RecordedCase } from './case.ts';

const istio = 'https://github.com/istio/istio';
const docs = 'https://istio.io/latest/docs';

/** Healthy meshes unlike the lab. The doctor says nothing above info about them. */
export const healthyCases: readonly RecordedCase[] = (
  [
    {
      id: '00-own-namespace',
      title: 'A team has its own namespace',
      setup:
        'The lab, and namespace shop: cart has pods in both clusters, ledger in east, front in west. Every Service is in both clusters.',
      sources: [`${docs}/setup/install/multicluster/verify/`],
    },
    {
      id: '01-networks-in-mesh-config',
      title: 'Networks and gateways are in meshNetworks',
      setup:
        'meshNetworks names both networks by registry and the addresses of their gateways. Nothing has a network label.',
      sources: [`${istio}/issues/47130`, `${istio}/issues/12623`, `${istio}/issues/59401`],
    },
    {
      id: '02-locality-by-pod-label',
      title: 'Labels of pods replace the localities of nodes',
      setup:
        'Pods have istio-locality in west and topology.istio.io/locality in east. A DestinationRule fails over between eu and us.',
      sources: [`${istio}/issues/39876`, 'https://github.com/istio/istio.io/issues/4938'],
    },
    {
      id: '04-authority-by-cert-manager',
      title: 'cert-manager writes the authority',
      setup:
        'cacerts of west has the keys tls.crt, tls.key and ca.crt, with two intermediates of elliptic curves below the common root.',
      sources: [
        `${istio}/pull/39732`,
        `${istio}/issues/38528`,
        'https://github.com/cert-manager/cert-manager/issues/6113',
      ],
    },
    {
      id: '05-kept-in-their-clusters',
      title: 'Both clusters keep a namespace local, with one exception',
      setup: 'serviceSettings of both clusters: *.shop.svc.cluster.local is clusterLocal, ledger is not.',
      sources: [`${istio}/pull/52367`, 'https://github.com/istio/istio.io/pull/15828'],
    },
    {
      id: '06-exported-services',
      title: 'Services are local unless they are exported',
      setup:
        'istiods have ENABLE_MCS_SERVICE_DISCOVERY, ENABLE_MCS_HOST and ENABLE_MCS_CLUSTER_LOCAL. East exports cart and ledger.',
      sources: [`${istio}/issues/33526`, `${istio}/issues/44415`],
    },
    {
      id: '07-deny-by-default',
      title: 'The mesh denies by default',
      setup:
        'An empty AuthorizationPolicy is in istio-system of both clusters. ALLOW policies select workloads and the ingress gateway.',
      sources: [`${istio}/issues/26626`, `${docs}/ops/best-practices/security/`],
    },
    {
      id: '08-network-policies',
      title: 'NetworkPolicies allow a range of ports',
      setup:
        'istio-system denies all ingress. Further policies allow the gateways by endPort and istiod by matchExpressions.',
      sources: [`${istio}/issues/16877`, `${istio}/pull/57118`],
    },
    {
      id: '09-some-namespaces-exposed',
      title: 'A cluster exposes some namespaces only',
      setup:
        'The cross-network Gateway of east has the hosts of meshproof and shop. Namespace backoffice is in east only.',
      sources: [`${istio}/issues/41028`],
    },
    {
      id: '10-certificates-by-spire',
      title: 'SPIRE issues the certificates of workloads',
      setup:
        'Proxies of both clusters have certificates and roots of SPIRE. Each istiod has a self-signed authority for itself.',
      sources: [
        `${istio}/issues/41666`,
        'https://github.com/istio-ecosystem/sail-operator/pull/1895',
        'https://github.com/openshift/openshift-docs/pull/112274',
      ],
    },
    {
      id: '11-entries-of-each-cluster',
      title: 'A controller writes a ServiceEntry for each cluster',
      setup:
        'Both clusters have the host stage.cart.global. Its endpoints are the local Service and the gateway of the other cluster.',
      sources: [
        'https://github.com/istio-ecosystem/admiral/issues/263',
        'https://github.com/istio-ecosystem/admiral/issues/167',
      ],
    },
    {
      id: '12-second-mesh-in-a-cluster',
      title: 'A cluster has the control plane of a second mesh',
      setup:
        'Namespace istio-dev of west has an istiod of revision dev with another trust domain, cluster name, network and discoverySelectors.',
      sources: [
        'https://github.com/openshift/openshift-docs/pull/85272',
        'https://github.com/istio/istio.io/pull/12415',
      ],
    },
    {
      id: '13-gateway-on-443',
      title: 'Other networks reach the gateway on port 443',
      setup:
        'The gateway Service of east has port 443 and the label networking.istio.io/gatewayPort. The mesh file has port 443.',
      sources: [`${istio}/pull/27049`, `${istio}/issues/34366`],
    },
    {
      id: '14-flat-network',
      title: 'Two primaries share a flat network',
      setup: 'The mesh has one network, no gateways and no network labels. Ranges of pods do not overlap.',
      sources: [`${istio}/issues/34850`, `${docs}/setup/install/multicluster/multi-primary/`],
    },
    {
      id: '15-primary-and-remote',
      title: 'A primary and a remote on different networks',
      setup:
        'East does not have an istiod. Its proxies and its webhook use istiod of west through the east-west gateway.',
      sources: [`${istio}/issues/53278`, `${docs}/setup/install/multicluster/primary-remote_multi-network/`],
    },
    {
      id: '16-one-family-of-two',
      title: 'A dual-stack cluster has a Service of IPv6 only',
      setup:
        'Pods of east have an IPv4 address first and an IPv6 address second. The Service ledger is SingleStack IPv6.',
      sources: [`${istio}/issues/38041`, `${istio}/issues/47412`],
    },
    {
      id: '18-subset-of-a-cluster',
      title: 'Subsets select endpoints by cluster',
      setup: 'DestinationRule cart has subsets with the label topology.istio.io/cluster in both clusters.',
      sources: [
        `${istio}/issues/40673`,
        `${istio}/issues/34992`,
        'https://github.com/istio/istio.io/pull/10486',
      ],
    },
    {
      id: '19-own-domain',
      title: 'The DNS domain is not cluster.local',
      setup:
        'Both clusters have the domain corp.internal. The cross-network Gateways have the host *.corp.internal.',
      sources: [`${istio}/issues/29692`, `${istio}/issues/9291`],
    },
    {
      id: '20-revisions-alone',
      title: 'A managed control plane has a revision and no default',
      setup:
        'istiod of revision asm-1-27 is in aks-istio-system, the gateways are in aks-istio-ingress, and the mesh file has these names.',
      sources: [
        'https://kloudvin.com/learn/kubernetes-zero-to-hero/aks-istio-service-mesh-addon-mtls-ingress-egress/',
        `${istio}/issues/34366`,
      ],
    },
    {
      id: '35-kubernetes-gateway',
      title: 'The east-west gateway is a Kubernetes Gateway',
      setup:
        'East has a Gateway of class istio with the network label and a Passthrough listener on port 15443.',
      sources: [`${istio}/pull/36175`, `${docs}/setup/install/multicluster/multi-primary_multi-network/`],
    },
    {
      id: '37-own-region-by-default',
      title: 'Each cluster keeps calls in its region by default',
      setup: 'localityLbSetting.distribute of each cluster sends calls from its region to its region.',
      sources: [`${istio}/issues/31340`],
    },
    {
      id: '39-remote-secret-as-documented',
      title: 'istioctl creates the remote secret',
      setup:
        'West reads east as istio-reader-service-account, with the secret of istioctl create-remote-secret.',
      sources: [`${docs}/setup/install/multicluster/multi-primary_multi-network/`, `${istio}/pull/32888`],
    },
    {
      id: '41-own-tls-inside-one-cluster',
      title: 'A service of one cluster has its own TLS',
      setup:
        'front has pods in west only. A DestinationRule of west with exportTo "." has TLS mode SIMPLE for it.',
      sources: [
        `${istio}/issues/42790`,
        `${docs}/reference/config/networking/destination-rule/#ClientTLSSettings`,
      ],
    },
  ] satisfies Omit<RecordedCase, 'expected'>[]
).map((one) => ({ ...one, expected: 'healthy' }));
