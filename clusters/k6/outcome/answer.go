package outcome

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// BodyBytes is how much of a body an outcome depends on at most.
const BodyBytes = 512

// said is how much of a body a detail quotes at most.
const said = 300

// Answer is an HTTP answer as far as its outcome depends on it.
type Answer struct {
	Status int
	// Header returns the value of a header, several joined by a comma, and whether there is one.
	Header func(name string) (string, bool)
	// Body is the beginning of the body, BodyBytes where there are as many.
	Body []byte
}

// OfAnswer says what an HTTP answer means. See classifyAnswer in harness/traffic/classify.ts for the three kinds of
// speaker that it tells apart.
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
	return fromStranger(answer.Status, origin, body)
}

// OriginOf says who made an answer, nil when it was not a workload of meshproof.
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

// ofFlag holds the outcomes of Envoy's response flags, for calls that a workload could not pass on.
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

func fromStranger(status int, origin *Origin, body string) Classified {
	if status < 400 {
		return Classified{Outcome: OK, Origin: origin}
	}
	return Classified{
		Outcome: AppError,
		Origin:  origin,
		Detail:  trimmed(strconv.Itoa(status) + " " + quoted(body)),
	}
}

// quoted is the beginning of a body as a detail says it; its length counts characters, as JavaScript's slice does.
func quoted(body string) string {
	runes := []rune(trimmed(body))
	return string(runes[:min(len(runes), said)])
}

// trimmed is JavaScript's trim for Latin-1 text: unlike Go's, it keeps U+0085.
func trimmed(text string) string { return strings.Trim(text, "\t\n\v\f\r \u00a0") }

// latin1 reads bytes as harness/traffic does, one character a byte, so that a detail is the same text there and here.
func latin1(bytes []byte) string {
	runes := make([]rune, len(bytes))
	for at, one := range bytes {
		runes[at] = rune(one)
	}
	return string(runes)
}
