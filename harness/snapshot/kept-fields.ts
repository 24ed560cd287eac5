import { KeptByKey, type Kept, type KeptTable } from './kept.ts';

/*
 * The fields of resources that a snapshot keeps, by API group and kind. Read it as the allow-list that it is: a field that is
 * not listed leaves the cluster as a keyed hash only. `keep` is for names, hosts, ports, labels, numbers, enum values and
 * SPIFFE identities. Free text, paths, headers, queries, bodies and places of files are `hash`.
 */

/** Fields that have the same reading. */
const all = (as: Kept, ...names: string[]): KeptTable => Object.fromEntries(names.map((name) => [name, as]));
const keep = (...names: string[]) => all('keep', ...names);
const hash = (...names: string[]) => all('hash', ...names);

const labels: KeptTable = { '*': 'keep' };
const labelSelector: KeptTable = { matchLabels: labels, matchExpressions: keep('key', 'operator', 'values') };
const podSelection: KeptTable = {
  selector: labelSelector,
  targetRefs: keep('group', 'kind', 'name', 'namespace'),
  targetRef: keep('group', 'kind', 'name', 'namespace'),
};
const workloadSelector: KeptTable = { labels, matchLabels: labels };
const port = keep('number', 'name', 'protocol', 'targetPort');
/** How a text is matched, and not with what. */
const textMatch = hash('exact', 'prefix', 'regex');

// Traffic policies
const localityLbSetting: KeptTable = {
  ...keep('enabled', 'failoverPriority'),
  distribute: { from: 'keep', to: { '*': 'keep' } },
  failover: keep('from', 'to'),
};
const loadBalancer: KeptTable = {
  ...keep('simple', 'warmupDurationSecs'),
  warmup: keep('duration', 'minimumPercent', 'aggression'),
  localityLbSetting,
  zoneAwareLbSetting: localityLbSetting,
  consistentHash: {
    ...keep('useSourceIp', 'minimumRingSize'),
    ringHash: keep('minimumRingSize'),
    maglev: keep('tableSize'),
    ...hash('httpHeaderName', 'httpQueryParameterName', 'httpCookie'),
  },
};
const connectionPool: KeptTable = {
  tcp: {
    ...keep('maxConnections', 'connectTimeout', 'maxConnectionDuration', 'idleTimeout'),
    tcpKeepalive: keep('probes', 'time', 'interval'),
  },
  http: {
    ...keep('http1MaxPendingRequests', 'http2MaxRequests', 'maxRequestsPerConnection', 'maxRetries'),
    ...keep('idleTimeout', 'h2UpgradePolicy', 'useClientProtocol', 'maxConcurrentStreams'),
    http2KeepAlive: keep('interval', 'timeout'),
  },
};
const outlierDetection = keep(
  ...[
    'consecutiveErrors',
    'consecutive5xxErrors',
    'consecutiveGatewayErrors',
    'consecutiveLocalOriginFailures',
  ],
  ...[
    'splitExternalLocalOriginErrors',
    'interval',
    'baseEjectionTime',
    'maxEjectionPercent',
    'minHealthPercent',
  ],
);
const clientTls = keep('mode', 'sni', 'subjectAltNames', 'credentialName', 'insecureSkipVerify');
const portPolicy: KeptTable = { port, loadBalancer, connectionPool, outlierDetection, tls: clientTls };
const trafficPolicy: KeptTable = {
  ...portPolicy,
  portLevelSettings: portPolicy,
  tunnel: keep('protocol', 'targetHost', 'targetPort'),
  proxyProtocol: keep('version'),
  retryBudget: keep('percent', 'minRetryConcurrency', 'budgetInterval'),
};
const serverTls: KeptTable = keep(
  ...[
    'mode',
    'httpsRedirect',
    'credentialName',
    'credentialNames',
    'caCertCredentialName',
    'subjectAltNames',
  ],
  ...['minProtocolVersion', 'maxProtocolVersion', 'cipherSuites'],
);

// Routes
const destination: KeptTable = { ...keep('host', 'subset'), port: keep('number') };
const percentage = keep('value');
const routes: KeptTable = { destination, weight: 'keep', headers: 'hash' };
const connectionRoute: KeptTable = {
  match: {
    ...keep('sniHosts', 'destinationSubnets', 'port', 'gateways', 'sourceNamespace', 'sourceSubnet'),
    sourceLabels: labels,
  },
  route: routes,
};
const retryCondition =
  '(?:5xx|gateway-error|reset|reset-before-request|connect-failure|retriable-4xx|refused-stream|retriable-status-codes|cancelled|deadline-exceeded|internal|resource-exhausted|unavailable|http3-post-connect-failure|\\d{3})';
/** Envoy's conditions, and status codes. */
const retryConditions = new RegExp(`^${retryCondition}(?:, ?${retryCondition})*$`);
const httpRoute: KeptTable = {
  match: {
    ...keep('port', 'gateways', 'sourceNamespace', 'ignoreUriCase'),
    sourceLabels: labels,
    ...all(textMatch, 'uri', 'scheme', 'method', 'authority'),
    ...hash('name', 'headers', 'withoutHeaders', 'queryParams', 'statPrefix'),
  },
  route: routes,
  delegate: keep('name', 'namespace'),
  timeout: 'keep',
  retries: {
    ...keep('attempts', 'perTryTimeout', 'retryRemoteLocalities', 'backoff'),
    retryOn: retryConditions,
  },
  fault: {
    delay: { ...keep('fixedDelay', 'exponentialDelay', 'percent'), percentage },
    abort: { httpStatus: 'keep', percentage },
  },
  mirror: destination,
  mirrors: { destination, percentage },
  mirrorPercentage: percentage,
  directResponse: { status: 'keep', body: 'hash' },
  ...hash('name', 'redirect', 'rewrite', 'headers', 'corsPolicy'),
};

// Workloads outside of Kubernetes
const workloadEntry: KeptTable = {
  ...keep('address', 'network', 'locality', 'weight', 'serviceAccount'),
  ports: { '*': 'keep' },
  labels,
};

// Policies
const identityCondition = keep('key', 'values', 'notValues');
const conditions = new KeptByKey(
  all(
    identityCondition,
    ...['source.namespace', 'source.principal', 'source.serviceAccount', 'source.trustDomain', 'source.ip'],
    ...['remote.ip', 'destination.ip', 'destination.port', 'connection.sni'],
  ) as Record<string, KeptTable>,
);
const both = (...names: string[]) =>
  names.flatMap((name) => [name, `not${name.charAt(0).toUpperCase()}${name.slice(1)}`]);
const policyRules: KeptTable = {
  from: {
    source: {
      ...keep(
        ...both('principals', 'namespaces', 'serviceAccounts', 'trustDomains', 'ipBlocks', 'remoteIpBlocks'),
      ),
      ...hash(...both('requestPrincipals')),
    },
  },
  to: { operation: { ...keep(...both('hosts', 'ports', 'methods')), ...hash(...both('paths')) } },
  when: conditions,
};

// Kubernetes' own
const reference = keep('group', 'kind', 'namespace', 'name', 'sectionName', 'port');
const backend: KeptTable = { ...reference, weight: 'keep', filters: 'hash' };
const peers: KeptTable = {
  podSelector: labelSelector,
  namespaceSelector: labelSelector,
  ipBlock: keep('cidr', 'except'),
};
const policyPorts = keep('port', 'protocol', 'endPort');

/** The kinds that decide between clusters, by API group, and what is kept of each. */
export const keptFields: Readonly<Record<string, Readonly<Record<string, KeptTable>>>> = {
  'networking.istio.io': {
    DestinationRule: {
      ...keep('host', 'exportTo'),
      workloadSelector,
      trafficPolicy,
      subsets: { name: 'keep', labels, trafficPolicy },
    },
    EnvoyFilter: {
      workloadSelector,
      targetRefs: reference,
      priority: 'keep',
      configPatches: {
        applyTo: 'keep',
        match: {
          context: 'keep',
          cluster: keep('portNumber', 'service', 'subset'),
          ...hash('proxy', 'listener', 'routeConfiguration', 'waypoint'),
        },
        patch: { ...keep('operation', 'filterClass'), value: 'hash' },
      },
    },
    Gateway: {
      selector: labels,
      servers: { ...keep('hosts', 'bind'), port, tls: serverTls },
    },
    ProxyConfig: {
      ...podSelection,
      concurrency: 'keep',
      image: keep('imageType'),
      environmentVariables: 'hash',
    },
    ServiceEntry: {
      ...keep('hosts', 'addresses', 'location', 'resolution', 'exportTo', 'subjectAltNames'),
      ports: port,
      endpoints: workloadEntry,
      workloadSelector,
    },
    Sidecar: {
      workloadSelector,
      ingress: {
        ...keep('bind', 'captureMode'),
        port,
        tls: serverTls,
        connectionPool,
        defaultEndpoint: 'hash',
      },
      egress: { ...keep('bind', 'captureMode', 'hosts'), port },
      outboundTrafficPolicy: { mode: 'keep', egressProxy: destination },
      inboundConnectionPool: connectionPool,
    },
    VirtualService: {
      ...keep('hosts', 'gateways', 'exportTo'),
      http: httpRoute,
      tls: connectionRoute,
      tcp: connectionRoute,
    },
    WorkloadEntry: workloadEntry,
    WorkloadGroup: {
      metadata: { labels, annotations: 'hash' },
      template: workloadEntry,
      probe: 'hash',
    },
  },
  'security.istio.io': {
    AuthorizationPolicy: { ...podSelection, action: 'keep', provider: keep('name'), rules: policyRules },
    PeerAuthentication: {
      ...podSelection,
      mtls: keep('mode'),
      portLevelMtls: { '*': keep('mode') },
    },
    RequestAuthentication: { ...podSelection, jwtRules: { forwardOriginalToken: 'keep' } },
  },
  'telemetry.istio.io': {
    Telemetry: {
      ...podSelection,
      tracing: {
        ...keep('randomSamplingPercentage', 'disableSpanReporting', 'useRequestIdForTraceSampling'),
        match: keep('mode'),
        providers: keep('name'),
        customTags: 'hash',
      },
      metrics: { providers: keep('name'), reportingInterval: 'keep', overrides: 'hash' },
      accessLogging: { disabled: 'keep', match: keep('mode'), providers: keep('name'), filter: 'hash' },
    },
  },
  'extensions.istio.io': {
    WasmPlugin: {
      ...podSelection,
      ...keep('phase', 'priority', 'failStrategy', 'imagePullPolicy', 'type'),
      match: { mode: 'keep', ports: keep('number') },
      ...hash('url', 'pluginConfig', 'vmConfig'),
    },
  },
  'gateway.networking.k8s.io': {
    Gateway: {
      gatewayClassName: 'keep',
      addresses: keep('type', 'value'),
      listeners: {
        ...keep('name', 'hostname', 'port', 'protocol'),
        tls: {
          mode: 'keep',
          certificateRefs: reference,
          options: keep('gateway.istio.io/listener-protocol'),
        },
        allowedRoutes: { namespaces: { from: 'keep', selector: labelSelector }, kinds: reference },
      },
      infrastructure: { labels, parametersRef: reference, annotations: 'hash' },
    },
    GatewayClass: { controllerName: 'keep', parametersRef: reference, description: 'hash' },
    HTTPRoute: {
      parentRefs: reference,
      hostnames: 'keep',
      rules: {
        matches: { path: { type: 'keep', value: 'hash' }, method: 'keep', ...hash('headers', 'queryParams') },
        filters: 'hash',
        backendRefs: backend,
        timeouts: keep('request', 'backendRequest'),
        retry: keep('codes', 'attempts', 'backoff'),
      },
    },
    TLSRoute: { parentRefs: reference, hostnames: 'keep', rules: { backendRefs: backend } },
  },
  'networking.k8s.io': {
    NetworkPolicy: {
      podSelector: labelSelector,
      policyTypes: 'keep',
      ingress: { from: peers, ports: policyPorts },
      egress: { to: peers, ports: policyPorts },
    },
  },
};

/** The kept fields of `networks` in the ConfigMap's `meshNetworks`. */
export const keptNetworks: KeptTable = {
  '*': {
    endpoints: keep('fromRegistry', 'fromCidr'),
    gateways: keep('address', 'port', 'registryServiceName', 'service', 'locality'),
  },
};
