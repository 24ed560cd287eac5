package k6

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"go.k6.io/k6/v2/errext"
	"go.k6.io/k6/v2/errext/exitcodes"
	"go.k6.io/k6/v2/metrics"
	"go.k6.io/k6/v2/output"
	"meshproof.dev/k6/timeline"
)

// flushEvery is how often complete slots are written. The write also shows whether the reader is gone: see flush.
const flushEvery = 100 * time.Millisecond

// timelineOutput streams a timeline as newline-delimited JSON (see timeline/lines.go) to a file, `--out meshproof=FILE`, or to
// an open file descriptor, `--out meshproof=fd:3`.
type timelineOutput struct {
	session  *session
	argument string
	all      bool
	file     io.WriteCloser
	timeline *timeline.Timeline
	flusher  *output.PeriodicFlusher
	stopTest func(error)

	// dropped is not under the mutex: a slow reader may delay a flush, but must not delay k6's samples and the load.
	dropped atomic.Int64

	mutex   sync.Mutex
	hasSent bool
	failure error
}

var (
	_           output.WithTestRunStop  = (*timelineOutput)(nil)
	_           metrics.SampleContainer = (*observation)(nil)
	_           output.Output           = (*timelineOutput)(nil)
	errKeep                             = errors.New(keepVariable + " must be `notable` or `all`")
	errArgument                         = errors.New("the output meshproof needs a file or fd:N: --out meshproof=FILE")
)

func newOutput(session *session, params output.Params) (*timelineOutput, error) {
	keep := params.Environment[keepVariable]
	if keep != "" && keep != "all" && keep != "notable" {
		return nil, fmt.Errorf("%w, not %q", errKeep, keep)
	}
	if params.ConfigArgument == "" {
		return nil, errArgument
	}
	return &timelineOutput{session: session, argument: params.ConfigArgument, all: keep == "all"}, nil
}

// Description implements output.Output.
func (o *timelineOutput) Description() string { return "meshproof timeline (" + o.argument + ")" }

// SetTestRunStopCallback implements output.WithTestRunStop.
func (o *timelineOutput) SetTestRunStopCallback(stop func(error)) { o.stopTest = stop }

// Start implements output.Output.
func (o *timelineOutput) Start() (err error) {
	if o.session.clockErr != nil {
		return o.session.clockErr
	}
	if o.file, err = openSink(o.argument); err != nil {
		return err
	}
	if o.timeline, err = timeline.New(&o.session.ledger, o.session.clock, o.file, o.all); err != nil {
		return fmt.Errorf("writing to %s: %w", o.argument, err)
	}
	o.session.watched = true
	o.flusher, err = output.NewPeriodicFlusher(flushEvery, o.flush)
	return err
}

func openSink(argument string) (io.WriteCloser, error) {
	number, isDescriptor := strings.CutPrefix(argument, "fd:")
	if !isDescriptor {
		return os.Create(argument)
	}
	fd, err := strconv.ParseUint(number, 10, 31)
	if err != nil {
		return nil, fmt.Errorf("%w, not %q", errArgument, argument)
	}
	file := os.NewFile(uintptr(fd), argument)
	if _, err := file.Stat(); err != nil {
		return nil, fmt.Errorf("file descriptor %d is not open in k6: %w", fd, err)
	}
	return file, nil
}

// AddMetricSamples implements output.Output. Requests come through the session. Of k6's metrics, only dropped iterations matter:
// requests that were due but never sent.
func (o *timelineOutput) AddMetricSamples(containers []metrics.SampleContainer) {
	for _, container := range containers {
		sample, single := container.(metrics.Sample)
		if single && sample.Metric.Name == metrics.DroppedIterationsName {
			o.dropped.Add(int64(sample.Value))
		}
	}
}

// flush writes the complete parts. If a write fails, the reader is gone: flush ends the load, so that a killed harness does
// not leave a load behind.
func (o *timelineOutput) flush() {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	if o.failure != nil {
		return
	}
	if err := o.write(); err != nil {
		o.failure = fmt.Errorf("writing the timeline to %s: %w", o.argument, err)
		o.session.giveUp(errNoReader)
		o.stopTest(errext.WithExitCodeIfNone(o.failure, exitcodes.ExternalAbort))
	}
}

func (o *timelineOutput) write() error {
	if err := o.timeline.Flush(o.session.clock.Now()); err != nil {
		return err
	}
	if o.hasSent {
		return nil
	}
	select {
	case <-o.session.sent:
		o.hasSent = true
		return o.timeline.Sent()
	default:
		return nil
	}
}

// Stop implements output.Output.
func (o *timelineOutput) Stop() error {
	o.flusher.Stop()
	o.mutex.Lock()
	defer o.mutex.Unlock()
	if o.failure != nil {
		return o.failure
	}
	if !o.hasSent {
		if err := o.timeline.Sent(); err != nil {
			return err
		}
	}
	if err := o.timeline.End(o.dropped.Load()); err != nil {
		return fmt.Errorf("writing the end of the timeline to %s: %w", o.argument, err)
	}
	return o.file.Close()
}
