/**
 * The places that Istio's, the Gateway API's and Kubernetes' objects have for text that may be secret, in each kind of object that
 * a snapshot reads. A part of a place is a field, `[]` after it its first element, `[+]` an element of its own, `*` any name,
 * which is secret, too. The resources' places come from the CRDs of Istio 1.31 and the Gateway API 1.6: each field for text
 * but identifiers. Do not derive them from what a snapshot keeps: they are its test.
 */
export const places = {
  WasmPlugin: `
    imagePullSecret pluginConfig.any pluginName sha256 url verificationKey vmConfig.env[].name vmConfig.env[].value
  `,
  DestinationRule: `
    subsets[].trafficPolicy.tls.caCertificates subsets[].trafficPolicy.tls.caCrl
    subsets[].trafficPolicy.tls.clientCertificate subsets[].trafficPolicy.tls.privateKey
    trafficPolicy.loadBalancer.consistentHash.httpCookie.attributes[].name
    trafficPolicy.loadBalancer.consistentHash.httpCookie.attributes[].value
    trafficPolicy.loadBalancer.consistentHash.httpCookie.name
    trafficPolicy.loadBalancer.consistentHash.httpCookie.path trafficPolicy.loadBalancer.consistentHash.httpCookie.ttl
    trafficPolicy.loadBalancer.consistentHash.httpHeaderName
    trafficPolicy.loadBalancer.consistentHash.httpQueryParameterName trafficPolicy.tls.caCertificates
    trafficPolicy.tls.caCrl trafficPolicy.tls.clientCertificate trafficPolicy.tls.privateKey
  `,
  EnvoyFilter: `
    configPatches[].match.cluster.name configPatches[].match.listener.filterChain.applicationProtocols
    configPatches[].match.listener.filterChain.filter.name
    configPatches[].match.listener.filterChain.filter.subFilter.name configPatches[].match.listener.filterChain.name
    configPatches[].match.listener.filterChain.sni configPatches[].match.listener.filterChain.transportProtocol
    configPatches[].match.listener.listenerFilter configPatches[].match.listener.name
    configPatches[].match.listener.portName configPatches[].match.proxy.metadata.*
    configPatches[].match.proxy.proxyVersion configPatches[].match.routeConfiguration.gateway
    configPatches[].match.routeConfiguration.name configPatches[].match.routeConfiguration.portName
    configPatches[].match.routeConfiguration.vhost.domainName configPatches[].match.routeConfiguration.vhost.name
    configPatches[].match.routeConfiguration.vhost.route.name configPatches[].match.waypoint.filter.name
    configPatches[].match.waypoint.filter.subFilter.name configPatches[].match.waypoint.route.name
    configPatches[].patch.value.any
  `,
  Gateway: `
    servers[].defaultEndpoint servers[].name servers[].tls.caCertificates servers[].tls.caCrl servers[].tls.privateKey
    servers[].tls.serverCertificate servers[].tls.verifyCertificateHash[] servers[].tls.verifyCertificateSpki[]
  `,
  ProxyConfig: `
    environmentVariables.*
  `,
  Sidecar: `
    ingress[].defaultEndpoint ingress[].tls.caCertificates ingress[].tls.caCrl ingress[].tls.privateKey
    ingress[].tls.serverCertificate ingress[].tls.verifyCertificateHash[] ingress[].tls.verifyCertificateSpki[]
  `,
  VirtualService: `
    http[].corsPolicy.allowHeaders[] http[].corsPolicy.allowMethods[] http[].corsPolicy.allowOrigin[]
    http[].corsPolicy.allowOrigins[].exact http[].corsPolicy.allowOrigins[].prefix
    http[].corsPolicy.allowOrigins[].regex http[].corsPolicy.exposeHeaders[] http[].corsPolicy.maxAge
    http[].directResponse.body.bytes http[].directResponse.body.string http[].fault.abort.http2Error
    http[].headers.request.add.* http[].headers.request.remove[] http[].headers.request.set.*
    http[].headers.response.add.* http[].headers.response.remove[] http[].headers.response.set.*
    http[].match[].authority.exact http[].match[].authority.prefix http[].match[].authority.regex
    http[].match[].headers.*.exact http[].match[].headers.*.prefix http[].match[].headers.*.regex
    http[].match[].method.exact http[].match[].method.prefix http[].match[].method.regex http[].match[].name
    http[].match[].queryParams.*.exact http[].match[].queryParams.*.prefix http[].match[].queryParams.*.regex
    http[].match[].scheme.exact http[].match[].scheme.prefix http[].match[].scheme.regex http[].match[].statPrefix
    http[].match[].uri.exact http[].match[].uri.prefix http[].match[].uri.regex http[].match[].withoutHeaders.*.exact
    http[].match[].withoutHeaders.*.prefix http[].match[].withoutHeaders.*.regex http[].name http[].redirect.authority
    http[].redirect.prefixRewrite http[].redirect.scheme http[].redirect.uri http[].retries.retryOn
    http[].rewrite.authority http[].rewrite.uri http[].rewrite.uriRegexRewrite.match
    http[].rewrite.uriRegexRewrite.rewrite http[].route[].headers.request.add.*
    http[].route[].headers.request.remove[] http[].route[].headers.request.set.* http[].route[].headers.response.add.*
    http[].route[].headers.response.remove[] http[].route[].headers.response.set.*
  `,
  WorkloadGroup: `
    metadata.annotations.* probe.exec.command[] probe.grpc.service probe.httpGet.host probe.httpGet.httpHeaders[].name
    probe.httpGet.httpHeaders[].value probe.httpGet.path probe.httpGet.scheme probe.tcpSocket.host
  `,
  AuthorizationPolicy: `
    rules[].from[].source.notRequestPrincipals[] rules[].from[].source.requestPrincipals[]
    rules[].to[].operation.notPaths[] rules[].to[].operation.paths[] rules[].when[+].key rules[].when[].notValues[]
    rules[].when[].values[]
  `,
  RequestAuthentication: `
    jwtRules[].audiences[] jwtRules[].fromCookies[] jwtRules[].fromHeaders[].name jwtRules[].fromHeaders[].prefix
    jwtRules[].fromParams[] jwtRules[].issuer jwtRules[].jwks jwtRules[].jwksUri
    jwtRules[].outputClaimToHeaders[].claim jwtRules[].outputClaimToHeaders[].header jwtRules[].outputPayloadToHeader
    jwtRules[].spaceDelimitedClaims[] jwtRules[].timeout
  `,
  Telemetry: `
    accessLogging[].filter.expression metrics[].overrides[].match.customMetric
    metrics[].overrides[].tagOverrides.*.value tracing[].customTags.*.environment.defaultValue
    tracing[].customTags.*.environment.name tracing[].customTags.*.formatter.value
    tracing[].customTags.*.header.defaultValue tracing[].customTags.*.header.name tracing[].customTags.*.literal.value
  `,
  KubernetesGateway: `
    infrastructure.annotations.* listeners[].tls.options.*
  `,
  GatewayClass: `
    description
  `,
  HTTPRoute: `
    rules[].backendRefs[].filters[].requestHeaderModifier.add[].name
    rules[].backendRefs[].filters[].requestHeaderModifier.add[].value
    rules[].backendRefs[].filters[].requestHeaderModifier.remove[]
    rules[].backendRefs[].filters[].requestHeaderModifier.set[].name
    rules[].backendRefs[].filters[].requestHeaderModifier.set[].value rules[].filters[].cors.allowHeaders[]
    rules[].filters[].cors.allowOrigins[] rules[].filters[].cors.exposeHeaders[]
    rules[].filters[].externalAuth.grpc.allowedHeaders[] rules[].filters[].externalAuth.http.allowedHeaders[]
    rules[].filters[].externalAuth.http.allowedResponseHeaders[] rules[].filters[].externalAuth.http.path
    rules[].filters[].requestHeaderModifier.add[].name rules[].filters[].requestHeaderModifier.add[].value
    rules[].filters[].requestHeaderModifier.remove[] rules[].filters[].requestHeaderModifier.set[].name
    rules[].filters[].requestHeaderModifier.set[].value rules[].filters[].requestRedirect.hostname
    rules[].filters[].requestRedirect.path.replaceFullPath rules[].filters[].requestRedirect.path.replacePrefixMatch
    rules[].filters[].responseHeaderModifier.add[].name rules[].filters[].responseHeaderModifier.add[].value
    rules[].filters[].responseHeaderModifier.remove[] rules[].filters[].responseHeaderModifier.set[].name
    rules[].filters[].responseHeaderModifier.set[].value rules[].filters[].urlRewrite.hostname
    rules[].filters[].urlRewrite.path.replaceFullPath rules[].filters[].urlRewrite.path.replacePrefixMatch
    rules[].matches[].headers[].name rules[].matches[].headers[].value rules[].matches[].path.value
    rules[].matches[].queryParams[].name rules[].matches[].queryParams[].value rules[].name
    rules[].sessionPersistence.absoluteTimeout rules[].sessionPersistence.sessionName
  `,
  TLSRoute: `
    rules[].name
  `,
  ServiceExport: `
    exportedAnnotations.* exportedLabels.*
  `,
  MeshConfig: `
    accessLogFile accessLogFormat inboundClusterStatName outboundClusterStatName ingressClass
    ca.address configSources[].address certificates[].secretName caCertificates[].spiffeBundleUrl
    tlsDefaults.cipherSuites[] defaultProviders.tracing[] defaultConfig.proxyMetadata.* defaultConfig.runtimeValues.*
    defaultConfig.configPath defaultConfig.binaryPath defaultConfig.customConfigFile defaultConfig.serviceCluster
    defaultConfig.statsdUdpAddress defaultConfig.envoyMetricsService.address defaultConfig.envoyAccessLogService.address
    defaultConfig.proxyBootstrapTemplatePath defaultConfig.extraStatTags[] defaultConfig.caCertificatesPem[]
    defaultConfig.proxyStatsMatcher.inclusionRegexps[] defaultConfig.proxyHeaders.server.value
    defaultConfig.tracing.zipkin.address defaultConfig.tracing.lightstep.address defaultConfig.tracing.lightstep.accessToken
    defaultConfig.tracing.customTags.*.literal.value defaultConfig.tracing.customTags.*.environment.defaultValue
    defaultConfig.sds.k8sSaJwtPath defaultConfig.privateKeyProvider.cryptomb.pollDelay
    extensionProviders[].envoyExtAuthzHttp.service extensionProviders[].envoyExtAuthzHttp.pathPrefix
    extensionProviders[].envoyExtAuthzHttp.includeRequestHeadersInCheck[]
    extensionProviders[].envoyExtAuthzHttp.includeAdditionalHeadersInCheck.*
    extensionProviders[].envoyExtAuthzHttp.headersToUpstreamOnAllow[]
    extensionProviders[].lightstep.accessToken extensionProviders[].skywalking.accessToken
    extensionProviders[].zipkin.path extensionProviders[].envoyFileAccessLog.path
    extensionProviders[].envoyFileAccessLog.logFormat.text extensionProviders[].envoyFileAccessLog.logFormat.labels.*
    extensionProviders[].envoyOtelAls.logFormat.text extensionProviders[].envoyOtelAls.logFormat.labels.*
    extensionProviders[].envoyHttpAls.logName extensionProviders[].opentelemetry.http.path
    extensionProviders[].opentelemetry.http.headers[].value extensionProviders[].opentelemetry.http.headers[].envName
    extensionProviders[].opentelemetry.dynatraceSampler.tenant
  `,
  MeshNetworks: `n.description n.gateways[].note`,
  InjectorValues: `global.proxy.image global.imagePullSecrets[] global.extra.* pilot.env.* meshConfig.accessLogFormat`,
  Pod: `
    metadata.annotations.* metadata.labels.note metadata.managedFields[].manager
    spec.containers[].args[+] spec.containers[].command[] spec.containers[].env[+].value
    spec.containers[].envFrom[].secretRef.name spec.containers[].livenessProbe.httpGet.path
    spec.containers[].livenessProbe.httpGet.httpHeaders[].value spec.containers[].lifecycle.preStop.exec.command[]
    spec.initContainers[].env[].value spec.initContainers[].args[] spec.volumes[].name spec.volumes[].csi.volumeAttributes.*
    status.message status.conditions[].message status.containerStatuses[].state.waiting.message
    status.containerStatuses[].lastState.terminated.message
  `,
  Deployment: `
    metadata.annotations.* metadata.labels.note spec.template.metadata.annotations.* spec.template.metadata.labels.note
    spec.template.spec.containers[].args[] spec.template.spec.containers[].env[+].value
    spec.template.spec.containers[].volumeMounts[].mountPath status.conditions[].message
  `,
  Service: `metadata.annotations.* metadata.labels.note status.conditions[].message`,
  Namespace: `metadata.annotations.* metadata.labels.note status.conditions[].message`,
  Node: `metadata.annotations.* metadata.labels.note status.conditions[].message spec.taints[].value`,
  ServiceAccount: `metadata.annotations.* secrets[].name imagePullSecrets[].name`,
  ConfigMap: `data.other metadata.annotations.*`,
  Webhook: `metadata.annotations.* webhooks[].matchConditions[].expression`,
  Resource: `metadata.annotations.* metadata.labels.note status.conditions[].message status.validationMessages[].documentationUrl`,
  RemoteSecret: `users[].user.password users[].user.username preferences.*`,
};

/** Lines of logs; `§` stands for a secret. */
export const logLines = [
  '[2026-11-01T12:00:00.000Z] "GET /pay?card=§&x=1 HTTP/1.1" 200 - via_upstream',
  '{"method":"GET","path":"/pay?§","response_code":200}',
  String.raw`{"path":"/pay?a=1\u0026card=§\u0026b=2"}`,
  'fetching https://x.example/p.wasm?sig=§',
  'secret=§',
  'login pass: §',
  'pwd=§ user=me',
  'token: §',
  'the api-key => §',
  '{"msg":"login","clientSecret":"§","level":"info"}',
  String.raw`{"msg":"{\"password\":\"§\",\"user\":\"me\"}"}`,
  "config: {password: '§', user: me}",
  'password="two words §"',
  'postgres://admin:§@db.example:5432/shop',
  'amqp://§@queue.example',
  'redis://:p/ath§@cache.example/0',
  'dial admin:§@db.example:5432: refused',
  'Authorization: Basic §',
  'Authorization: Custom realm=x, §',
  'sending Bearer §',
  'Cookie: a=b; sid=§; c=d',
  "'x-api-key', '§'",
  "'set-cookie', 'sid=§; Path=/'",
  'started with --token § --verbose',
  'map[password:§]',
  'client-key-data: §',
  'SESSION_ID=§',
  'signature := §',
  'hooks at https://hooks.slack.com/services/§',
];

/** Credentials that have a form of their own, each in a line without a name. In two parts, so that scanners of sources pass them by. */
export const credentials = [
  ['AK', 'IAIOSFODNN7PLANTED'],
  ['wJalrXUtnFEMI', '/K7MDENG/bPxRfiCYPLANTEDKEY'],
  ['AIza', 'SyD4planted-0123456789_abcdefghijk'],
  ['ya29', '.a0AfplantedB-0123456789_xyz'],
  ['gh', 'p_0123456789plantedABCDEFGHIJ0123456789'],
  ['github', '_pat_11PLANTED0_0123456789abcdef'],
  ['glp', 'at-Planted0123456789abc'],
  ['xo', 'xb-0123456789-planted-abc'],
  ['sk', '_live_0123456789plantedABCDEF'],
  ['np', 'm_0123456789plantedABCDEF0123456789'],
  ['dckr', '_pat_0123456789plantedABC'],
  ['hv', 's.CAESIplanted0123456789abcdef'],
  ['SG', '.planted0123456789abcd.ABCDEFGHIJ'],
  ['abcdef', '.0123456789plante'],
  ['9f86d081884c7d65', '9a2feaa0c55ad015a3bf4f1b2b0b822c'],
  ['Zm9vYmFyMTIzNDU2', 'Nzg5MEFCQ0RFRkdISUpLTE1O'],
].map((parts) => parts.join(''));
