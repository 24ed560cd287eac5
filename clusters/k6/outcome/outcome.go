// Package outcome classifies requests by their outcome and origin, with the names of harness/traffic/timeline.ts. Its rules are
// those of harness/traffic/classify.ts: harness/traffic/classify.cases.json tests both.
package outcome

// Outcome is the result of a request. A failure names the layer that failed.
type Outcome string

// The outcomes, as harness/traffic/timeline.ts explains them.
const (
	OK                Outcome = "ok"
	Denied            Outcome = "denied"
	NoHealthyUpstream Outcome = "noHealthyUpstream"
	NoRoute           Outcome = "noRoute"
	UpstreamReset     Outcome = "upstreamReset"
	UpstreamTimeout   Outcome = "upstreamTimeout"
	TLSFailure        Outcome = "tlsFailure"
	ConnectFailure    Outcome = "connectFailure"
	ClientTimeout     Outcome = "clientTimeout"
	AppError          Outcome = "appError"
)

// Origin is the workload that answered a request.
type Origin struct {
	Service string `json:"service"`
	Cluster string `json:"cluster"`
	Region  string `json:"region"`
	Zone    string `json:"zone"`
	Pod     string `json:"pod"`
}

// Classified is the meaning of an answer or an error. Origin is nil if no workload of meshproof answered.
type Classified struct {
	Outcome Outcome
	Origin  *Origin
	Detail  string
}
