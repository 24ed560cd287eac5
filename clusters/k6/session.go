// Package k6 is meshproof's extension of k6: the JS module `k6/x/meshproof`, which sends requests or watches those of k6/http
// and tells their outcome and origin, and the output `meshproof`, which streams them as a timeline.
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
	// keepVariable says which requests the output tells by themselves: `notable` (the default) or `all`.
	keepVariable = "MESHPROOF_KEEP"
)

func init() {
	shared := newSession()
	modules.Register("k6/x/meshproof", &rootModule{session: shared})
	output.RegisterExtension("meshproof", func(params output.Params) (output.Output, error) {
		return newOutput(shared, params)
	})
}

// session is what the module and the output share: k6 hands on samples only when they have ended, and an order by start
// needs to know what is under way.
type session struct {
	clock    timeline.Clock
	clockErr error
	ledger   timeline.Ledger
	// watched is whether an output takes what the ledger holds.
	watched bool
	// sent is closed when no further request will be sent.
	sent     chan struct{}
	sentOnce sync.Once
	// context ends when nobody wants to know any more: requests under way are then given up.
	context context.Context
	giveUp  context.CancelCauseFunc
}

var errNotWanted = errors.New("nobody reads the timeline any more")

func newSession() *session {
	s := &session{sent: make(chan struct{})}
	s.clock, s.clockErr = clockOfEnvironment()
	s.context, s.giveUp = context.WithCancelCause(context.Background())
	return s
}

// end notes what became of a request, now. Where no output takes it from the ledger, nothing is kept.
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
		return timeline.Clock{}, fmt.Errorf("%s takes nanoseconds of CLOCK_MONOTONIC, not %q", clockVariable, text)
	}
	return timeline.ClockSince(zeroNs)
}
