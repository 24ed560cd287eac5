package k6

import (
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/grafana/sobek"
	"go.k6.io/k6/v2/js/common"
	"go.k6.io/k6/v2/js/modules"
	k6http "go.k6.io/k6/v2/js/modules/k6/http"
	"go.k6.io/k6/v2/lib"
	"go.k6.io/k6/v2/metrics"
	"meshproof.dev/k6/outcome"
	"meshproof.dev/k6/timeline"
)

// rootModule is the module of a test run, with the state that its VUs share.
type rootModule struct {
	session *session
	mutex   sync.Mutex
	sender  *sender
}

// moduleInstance is the module of one VU.
type moduleInstance struct {
	root    *rootModule
	vu      modules.VU
	metrics requestMetrics
}

var (
	_ modules.Module   = (*rootModule)(nil)
	_ modules.Instance = (*moduleInstance)(nil)
)

// NewModuleInstance implements modules.Module.
func (r *rootModule) NewModuleInstance(vu modules.VU) modules.Instance {
	registered, err := registerMetrics(vu.InitEnv().Registry)
	if err != nil {
		common.Throw(vu.Runtime(), err)
	}
	return &moduleInstance{root: r, vu: vu, metrics: registered}
}

// Exports implements modules.Instance: `load(options)`, an open-loop load, and `begin()`, for requests of k6/http.
func (m *moduleInstance) Exports() modules.Exports {
	named := map[string]any{"load": m.load, "begin": m.begin}
	return modules.Exports{Default: named, Named: named}
}

// loadOptions are the settings of a load.
type loadOptions struct {
	// URLs get requests in turn, with GET.
	URLs []string `js:"urls"`
	// Headers are sent with every request; `host` replaces the host of the URL.
	Headers map[string]string `js:"headers"`
	// RatePerSecond and DurationMs are those of the scenario. They determine when an iteration is due, and the last iteration.
	RatePerSecond int64 `js:"ratePerSecond"`
	DurationMs    int64 `js:"durationMs"`
	// TimeoutMs bounds a request, from its start to its last byte. ConnectMs bounds its connection.
	TimeoutMs int64 `js:"timeoutMs"`
	ConnectMs int64 `js:"connectMs"`
}

// load sends the requests of a script. All VUs share the connections.
type load struct {
	module  *moduleInstance
	options loadOptions
}

func (m *moduleInstance) load(given sobek.Value) (*load, error) {
	var options loadOptions
	if err := m.vu.Runtime().ExportTo(given, &options); err != nil {
		return nil, fmt.Errorf("the options of a load: %w", err)
	}
	if len(options.URLs) == 0 ||
		min(options.RatePerSecond, options.DurationMs, options.TimeoutMs, options.ConnectMs) < 1 {
		return nil, errors.New("a load needs urls, and a ratePerSecond, durationMs, timeoutMs and connectMs of 1 or more")
	}
	for _, url := range options.URLs {
		if _, err := http.NewRequest(http.MethodGet, url, nil); err != nil {
			return nil, fmt.Errorf("a load cannot send to %q: %w", url, err)
		}
	}
	return &load{module: m, options: options}, nil
}

// Send sends the request of this iteration and returns at once.
func (l *load) Send() error {
	state := l.module.vu.State()
	if state == nil {
		return common.NewInitContextError("a load cannot send in the init context")
	}
	sender, err := l.module.root.senderOf(l.options, state)
	if err != nil {
		return err
	}
	index, due := l.turn(state)
	if index >= l.requests() {
		return nil // the scenario lasts longer than the load, so that k6 also sends late requests at its end
	}
	sender.send(index, due, l.module.observer(state))
	if session := l.module.root.session; session.ledger.Begun() == int64(l.requests()) { //nolint:gosec // far below the range
		session.noteSent()
	}
	return nil
}

// requests is the number of requests that are due during the load; the last moment is exclusive.
func (l *load) requests() uint64 {
	return uint64((l.options.RatePerSecond*l.options.DurationMs + 999) / 1000) //nolint:gosec // both are positive
}

// Drain waits for the requests in flight. Call it in teardown(), while k6 still takes samples.
func (l *load) Drain() {
	l.module.root.session.noteSent()
	l.module.root.mutex.Lock()
	sender := l.module.root.sender
	l.module.root.mutex.Unlock()
	if sender != nil {
		sender.drain()
	}
}

// turn is the number of this iteration in its scenario, and when it was due: constant-arrival-rate starts iteration i at
// i / rate. A delay of k6 counts as latency of the answer. Outside a scenario, the iteration is due now.
func (l *load) turn(state *lib.State) (uint64, time.Time) {
	scenario := lib.GetScenarioState(l.module.vu.Context())
	if scenario == nil || state.GetScenarioGlobalVUIter == nil {
		return 0, time.Now()
	}
	index := state.GetScenarioGlobalVUIter()
	interval := time.Second / time.Duration(l.options.RatePerSecond)
	return index, scenario.StartTime.Add(time.Duration(index) * interval) //nolint:gosec // far below the range
}

func (r *rootModule) senderOf(options loadOptions, state *lib.State) (*sender, error) {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	if r.sender != nil {
		return r.sender, nil
	}
	sender, err := newSender(r.session, options, state)
	r.sender = sender
	return sender, err
}

// observer passes the metrics of a request to k6. It may outlive the iteration, but not the test: see Drain.
func (m *moduleInstance) observer(state *lib.State) func(timeline.Request) {
	tags, samples, context := state.Tags.GetCurrentValues().Tags, state.Samples, m.root.session.context
	return func(request timeline.Request) {
		metrics.PushIfNotDone(context, samples, &observation{m.metrics, tags, time.Now(), request})
	}
}

// shot is a request of k6/http, from begin to End.
type shot struct {
	module *moduleInstance
	entry  *timeline.Entry
}

// begin records the start of a request of k6/http: `const shot = begin(); shot.end(http.get(url))`.
func (m *moduleInstance) begin() (*shot, error) {
	if m.vu.State() == nil {
		return nil, common.NewInitContextError("a request cannot begin in the init context")
	}
	nowNs := m.root.session.clock.Now()
	return &shot{m, m.root.session.ledger.Begin(nowNs, nowNs)}, nil
}

// End returns the outcome and the origin of a response of k6/http: `{ outcome, origin?, detail? }`.
func (s *shot) End(given sobek.Value) (map[string]any, error) {
	response, is := given.Export().(*k6http.Response)
	if !is {
		return nil, errors.New("end() takes the response of a request of k6/http")
	}
	classified, err := ofResponse(response)
	if err != nil {
		return nil, err
	}
	s.module.observer(s.module.vu.State())(s.module.root.session.end(s.entry, response.Status, classified))
	result := map[string]any{"outcome": string(classified.Outcome)}
	if classified.Origin != nil {
		result["origin"] = map[string]any{
			"service": classified.Origin.Service, "cluster": classified.Origin.Cluster,
			"region": classified.Origin.Region, "zone": classified.Origin.Zone, "pod": classified.Origin.Pod,
		}
	}
	if classified.Detail != "" {
		result["detail"] = classified.Detail
	}
	return result, nil
}

func ofResponse(response *k6http.Response) (outcome.Classified, error) {
	if response.Status == 0 {
		return outcome.OfK6(response.ErrorCode, response.Error), nil
	}
	body, err := bodyOf(response)
	return outcome.OfAnswer(outcome.Answer{
		Status: response.Status,
		Header: func(name string) (string, bool) {
			value, is := response.Headers[http.CanonicalHeaderKey(name)]
			return value, is
		},
		Body: body,
	}), err
}

func bodyOf(response *k6http.Response) ([]byte, error) {
	switch body := response.Body.(type) {
	case string:
		return []byte(body[:min(len(body), outcome.BodyBytes)]), nil
	case sobek.ArrayBuffer:
		return body.Bytes()[:min(len(body.Bytes()), outcome.BodyBytes)], nil
	case []byte:
		return body[:min(len(body), outcome.BodyBytes)], nil
	}
	if response.Status >= http.StatusBadRequest {
		return nil, errors.New("a failed response cannot be classified: its body was discarded. Keep response bodies")
	}
	return nil, nil
}
