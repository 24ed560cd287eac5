// Package outcome says what became of a request and who answered it, in the words of harness/traffic/timeline.ts. Its
// rules are those of harness/traffic/classify.ts: both are held to harness/traffic/classify.cases.json.
package outcome

// Outcome is what became of a request, in words that name the layer that failed.
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

// Origin is who answered a request.
type Origin struct {
	Service string `json:"service"`
	Cluster string `json:"cluster"`
	Region  string `json:"region"`
	Zone    string `json:"zone"`
	Pod     string `json:"pod"`
}

// Classified is what an answer or an error means. Origin is nil when nothing of ours answered.
type Classified struct {
	Outcome Outcome
	Origin  *Origin
	Detail  string
}
