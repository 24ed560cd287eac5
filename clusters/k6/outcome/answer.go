package outcome

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// BodyBytes is the length of the beginning of a body that determines an outcome.
const BodyBytes = 512

// quotedChars is the most that a detail quotes of a body.
const quotedChars = 300

// Answer has the parts of an HTTP answer that determine its outcome.
type Answer struct {
	Status int
	// Header returns the value of a header and whether it is present; several values are joined by a comma.
	Header func(name string) (string, bool)
	// Body is the beginning of the body, at most BodyBytes.
	Body []byte
}

// OfAnswer classifies an HTTP answer. See classifyAnswer in harness/traffic/classify.ts for the three kinds of servers that
// it distinguishes.
func OfAnswer(answer Answer) Classified {
	origin := OriginOf(answer)
	flags, flagged := answer.Header("x-meshproof-flags")
	if origin != nil && flagged {
		return fromWorkload(answer, origin, flags)
	}
	body := latin1(answer.Body)
	if classified, is := fromProxy(answer, body); is {
		return classified
	}
	return fromOtherServer(answer.Status, origin, body)
}

// OriginOf returns the workload of meshproof that answered, or nil for another server.
func OriginOf(answer Answer) *Origin {
	service, is := answer.Header("x-meshproof-service")
	if !is {
		return nil
	}
	value := func(key string) string {
		text, _ := answer.Header("x-meshproof-" + key)
		return text
	}
	return &Origin{
		Service: service,
		Cluster: value("cluster"),
		Region:  value("region"),
		Zone:    value("zone"),
		Pod:     value("pod"),
	}
}

// ofFlag holds the outcomes of Envoy's response flags, for calls that a workload could not forward.
var ofFlag = map[string]Outcome{
	"UH":    NoHealthyUpstream,
	"UF":    ConnectFailure,
	"DF":    ConnectFailure,
	"UC":    UpstreamReset,
	"UR":    UpstreamReset,
	"LR":    UpstreamReset,
	"UO":    UpstreamReset,
	"URX":   UpstreamReset,
	"UPE":   UpstreamReset,
	"UT":    UpstreamTimeout,
	"SI":    UpstreamTimeout,
	"DT":    UpstreamTimeout,
	"UMSDR": UpstreamTimeout,
	"NR":    NoRoute,
	"NC":    NoRoute,
	"UAEX":  Denied,
}

func fromWorkload(answer Answer, origin *Origin, flags string) Classified {
	if answer.Status < 400 {
		return Classified{Outcome: OK, Origin: origin}
	}
	details, _ := answer.Header("x-meshproof-details")
	detail := strconv.Itoa(answer.Status) + " " + flags + " " + details
	all := strings.Split(flags, ",")
	if flags == "-" || slices.Contains(all, "FI") {
		return Classified{Outcome: AppError, Origin: origin, Detail: detail}
	}
	outcome := UpstreamReset
	for _, flag := range all {
		if known, is := ofFlag[flag]; is {
			outcome = known
			break
		}
	}
	teller := origin.Service + "/" + origin.Cluster + "/" + origin.Pod
	return Classified{Outcome: outcome, Detail: detail + " (reported by " + teller + ")"}
}

func fromProxy(answer Answer, body string) (Classified, bool) {
	if answer.Status < 400 {
		return Classified{}, false
	}
	outcome, known := ofLocalReply(answer.Status, body)
	if !known {
		return Classified{}, false
	}
	by := "first proxy"
	if _, passedOn := answer.Header("x-envoy-upstream-service-time"); passedOn {
		by = "a later proxy"
	}
	text := quoted(body)
	if text == "" {
		text = "with an empty body"
	}
	return Classified{Outcome: outcome, Detail: strconv.Itoa(answer.Status) + " " + text + " (" + by + ")"}, true
}

var (
	resetReply   = regexp.MustCompile(`(?s)^upstream connect error or disconnect/reset before headers.*?reset reason: ([^,]+)(.*)`)
	tlsTransport = regexp.MustCompile(`(?i)TLS_error|SSL|CERTIFICATE`)
	connectReset = regexp.MustCompile(`^(remote |local )?connection (failure|timeout)`)
)

func ofLocalReply(status int, body string) (Outcome, bool) {
	switch {
	case strings.HasPrefix(body, "RBAC: access denied"),
		status == 401 && strings.HasPrefix(body, "Jwt "):
		return Denied, true
	case strings.HasPrefix(body, "no healthy upstream"):
		return NoHealthyUpstream, true
	case strings.HasPrefix(body, "upstream request timeout"), strings.HasPrefix(body, "stream timeout"):
		return UpstreamTimeout, true
	case strings.HasPrefix(body, "DNS resolution failure"):
		return ConnectFailure, true
	case body == "" && (status == 404 || status == 502 || status == 503):
		return NoRoute, true
	}
	if reset := resetReply.FindStringSubmatch(body); reset != nil {
		return ofReset(reset[1], reset[2]), true
	}
	return "", false
}

func ofReset(reason, transport string) Outcome {
	switch {
	case tlsTransport.MatchString(transport):
		return TLSFailure
	case connectReset.MatchString(reason):
		return ConnectFailure
	default:
		return UpstreamReset
	}
}

func fromOtherServer(status int, origin *Origin, body string) Classified {
	if status < 400 {
		return Classified{Outcome: OK, Origin: origin}
	}
	return Classified{
		Outcome: AppError,
		Origin:  origin,
		Detail:  trimmed(strconv.Itoa(status) + " " + quoted(body)),
	}
}

// quoted is the beginning of a body for a detail; its length counts characters, as JavaScript's slice does.
func quoted(body string) string {
	runes := []rune(trimmed(body))
	return string(runes[:min(len(runes), quotedChars)])
}

// trimmed is JavaScript's trim for Latin-1 text: unlike Go's, it keeps U+0085.
func trimmed(text string) string { return strings.Trim(text, "\t\n\v\f\r \u00a0") }

// latin1 reads each byte as a character, as harness/traffic does, so that both produce the same details.
func latin1(bytes []byte) string {
	runes := make([]rune, len(bytes))
	for at, one := range bytes {
		runes[at] = rune(one)
	}
	return string(runes)
}
