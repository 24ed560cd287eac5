// Package k6 is meshproof's extension of k6. The JS module `k6/x/meshproof` sends requests or watches those of k6/http, and
// classifies their outcome and origin. The output `meshproof` streams them as a timeline.
package k6

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"sync"

	"go.k6.io/k6/v2/js/modules"
	"go.k6.io/k6/v2/output"
	"meshproof.dev/k6/outcome"
	"meshproof.dev/k6/timeline"
)

// Environment variables that the module and the output read.
const (
	// clockVariable is a reading of CLOCK_MONOTONIC in nanoseconds: the zero of the timeline. Default: the start of the process.
	clockVariable = "MESHPROOF_CLOCK_ZERO_NS"
	// keepVariable selects the requests that the output writes in full: `notable` (the default) or `all`.
	keepVariable = "MESHPROOF_KEEP"
)

func init() {
	shared := newSession()
	modules.Register("k6/x/meshproof", &rootModule{session: shared})
	output.RegisterExtension("meshproof", func(params output.Params) (output.Output, error) {
		return newOutput(shared, params)
	})
}

// session is the state that the module and the output share. k6 passes only samples of ended requests to an output, but the
// order by start depends on the requests in flight.
type session struct {
	clock    timeline.Clock
	clockErr error
	ledger   timeline.Ledger
	// watched is whether an output reads the ledger.
	watched bool
	// sent is closed when no further request will be sent.
	sent     chan struct{}
	sentOnce sync.Once
	// context ends when the reader of the timeline is gone: it cancels the requests in flight.
	context context.Context
	giveUp  context.CancelCauseFunc
}

var errNoReader = errors.New("the reader of the timeline is gone")

func newSession() *session {
	s := &session{sent: make(chan struct{})}
	s.clock, s.clockErr = clockOfEnvironment()
	s.context, s.giveUp = context.WithCancelCause(context.Background())
	return s
}

// end records the result of a request, now. Without an output, the ledger keeps nothing.
func (s *session) end(entry *timeline.Entry, status int, classified outcome.Classified) timeline.Request {
	request := s.ledger.End(entry, s.clock.Now(), status, classified)
	if !s.watched {
		s.ledger.Take(s.clock.Now())
	}
	return request
}

func (s *session) noteSent() { s.sentOnce.Do(func() { close(s.sent) }) }

func clockOfEnvironment() (timeline.Clock, error) {
	text, given := os.LookupEnv(clockVariable)
	if !given {
		return timeline.NewClock(), nil
	}
	zeroNs, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return timeline.Clock{}, fmt.Errorf("%s is %q: it must be nanoseconds of CLOCK_MONOTONIC", clockVariable, text)
	}
	return timeline.ClockSince(zeroNs)
}
