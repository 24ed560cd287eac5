package k6

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"go.k6.io/k6/v2/lib"
	"meshproof.dev/k6/outcome"
	"meshproof.dev/k6/timeline"
)

// idleFor is how long a kept connection may be idle, as in undici, the other client of the harness.
const idleFor = 4 * time.Second

// sender sends requests without waiting for their answers. A VU of k6 is busy only while it starts a request. So a hanging
// mesh does not slow the load, and waiting requests do not each need a VU with its JavaScript runtime.
type sender struct {
	session   *session
	options   loadOptions
	targets   []*http.Request
	transport *http.Transport
	underWay  sync.WaitGroup
}

func newSender(session *session, options loadOptions, state *lib.State) (*sender, error) {
	s := &sender{session: session, options: options}
	for _, address := range options.URLs {
		request, err := http.NewRequest(http.MethodGet, address, nil)
		if err != nil {
			return nil, err
		}
		request.Header.Set("User-Agent", "meshproof")
		for name, value := range options.Headers {
			if strings.EqualFold(name, "host") {
				request.Host = value
			} else {
				request.Header.Set(name, value)
			}
		}
		s.targets = append(s.targets, request)
	}
	s.transport = &http.Transport{
		DialContext:         dialWithin(time.Duration(options.ConnectMs)*time.Millisecond, state.Dialer),
		TLSClientConfig:     state.TLSConfig.Clone(),
		TLSNextProto:        map[string]func(string, *tls.Conn) http.RoundTripper{}, // HTTP/1.1, as undici
		DisableCompression:  true,
		DisableKeepAlives:   state.Options.NoConnectionReuse.Bool,
		MaxIdleConnsPerHost: 1 << 16, // keeps every connection, also those opened for a burst
		IdleConnTimeout:     idleFor,
		ReadBufferSize:      2 << 10,
		WriteBufferSize:     1 << 10,
	}
	return s, nil
}

// dialWithin bounds the time to connect, so that a connect failure differs from a missing answer.
func dialWithin(bound time.Duration, dialer lib.DialContexter) func(context.Context, string, string) (net.Conn, error) {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		ctx, cancel := context.WithTimeout(ctx, bound)
		defer cancel()
		conn, err := dialer.DialContext(ctx, network, address)
		if err != nil && errors.Is(err, context.DeadlineExceeded) {
			return nil, &net.OpError{Op: "dial", Net: network, Err: err}
		}
		return conn, err
	}
}

// send sends the request that was due at a moment, and calls `observe` when it has ended.
func (s *sender) send(index uint64, due time.Time, observe func(timeline.Request)) {
	entry := s.session.ledger.Begin(s.session.clock.At(due), s.session.clock.Now())
	target := s.targets[index%uint64(len(s.targets))]
	s.underWay.Go(func() {
		status, classified := s.exchange(target)
		observe(s.session.end(entry, status, classified))
	})
}

// drain waits for the requests in flight. Each has a deadline, which bounds the wait.
func (s *sender) drain() {
	s.underWay.Wait()
	s.transport.CloseIdleConnections()
}

func (s *sender) exchange(target *http.Request) (int, outcome.Classified) {
	deadline := time.Duration(s.options.TimeoutMs) * time.Millisecond
	ctx, cancel := context.WithTimeoutCause(s.session.context, deadline, errTimeout)
	defer cancel()
	ctx, giveUp := context.WithCancelCause(ctx)
	defer giveUp(nil)
	if !s.transport.DisableKeepAlives {
		ctx = httptrace.WithClientTrace(ctx, withoutRetry(giveUp))
	}
	response, err := s.transport.RoundTrip(target.WithContext(ctx))
	if err != nil {
		return 0, outcome.OfError(reasonOf(ctx, err))
	}
	defer func() { _ = response.Body.Close() }()
	body, err := beginningOf(response.Body)
	if err != nil {
		return 0, outcome.OfError(reasonOf(ctx, err))
	}
	return response.StatusCode, outcome.OfAnswer(outcome.Answer{
		Status: response.StatusCode,
		Header: headerOf(response.Header),
		Body:   body,
	})
}

// withoutRetry cancels a request that the transport would send again: Go retries a GET that was written to a kept connection
// which then closed. The retry would hide a failure.
func withoutRetry(giveUp context.CancelCauseFunc) *httptrace.ClientTrace {
	var written atomic.Bool
	return &httptrace.ClientTrace{
		WroteRequest: func(info httptrace.WroteRequestInfo) {
			if info.Err == nil {
				written.Store(true)
			}
		},
		GetConn: func(string) {
			if written.Load() {
				giveUp(outcome.ErrLostAnswer)
			}
		},
	}
}

// errTimeout is the cause of a request that was cancelled at its deadline.
var errTimeout = &timeoutError{}

type timeoutError struct{}

func (*timeoutError) Error() string   { return "no whole answer before the deadline" }
func (*timeoutError) Timeout() bool   { return true }
func (*timeoutError) Temporary() bool { return false }

// reasonOf is why a request failed. If the sender cancelled it, the cause says more than the client's error. An error of the
// dial that came in time stays.
func reasonOf(ctx context.Context, err error) error {
	var dialling *net.OpError
	if errors.As(err, &dialling) && dialling.Op == "dial" {
		return err
	}
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	return err
}

// beginningOf reads a body to its end and returns the part that determines an outcome.
func beginningOf(body io.Reader) ([]byte, error) {
	beginning, err := io.ReadAll(io.LimitReader(body, outcome.BodyBytes))
	if err == nil {
		_, err = io.Copy(io.Discard, body)
	}
	return beginning, err
}

func headerOf(header http.Header) func(string) (string, bool) {
	return func(name string) (string, bool) {
		values, is := header[http.CanonicalHeaderKey(name)]
		return strings.Join(values, ","), is
	}
}
