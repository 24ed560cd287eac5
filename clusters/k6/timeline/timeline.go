package timeline

import (
	"bufio"
	"encoding/json"
	"io"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
	"meshproof.dev/k6/outcome"
)

// graceNs is how long a slot stays open for requests that are sent late. A second line of the slot counts later requests.
const graceNs = int64(100 * time.Millisecond)

// Timeline writes the requests of a ledger: counts for each slot, and in full the requests that matter to an outage.
type Timeline struct {
	ledger    *Ledger
	out       *bufio.Writer
	encoder   *json.Encoder
	selection *selection
	origins   map[outcome.Origin]int
	slot      int64
	tally     *tally
	latencies *hdrhistogram.Histogram
	lateNs    int64
	requests  int64
	written   int64
	tailed    int64
}

// New starts a timeline on a writer. With `all`, it writes every request in full.
func New(ledger *Ledger, clock Clock, out io.Writer, all bool) (*Timeline, error) {
	buffered := bufio.NewWriterSize(out, 64<<10)
	t := &Timeline{
		ledger:    ledger,
		out:       buffered,
		encoder:   json.NewEncoder(buffered),
		selection: newSelection(all),
		origins:   map[outcome.Origin]int{},
		tally:     newTally(),
		latencies: newLatencies(),
	}
	t.encoder.SetEscapeHTML(false)
	startedAt := clock.Zero().Format("2006-01-02T15:04:05.000Z")
	err := t.encoder.Encode(headerLine{"header", Version, SlotNs / int64(time.Millisecond), startedAt})
	if err != nil {
		return nil, err
	}
	return t, t.out.Flush()
}

// Flush writes the complete parts: slots without a request in flight, and requests before the oldest one in flight.
func (t *Timeline) Flush(nowNs int64) error {
	completeNs, err := t.take(nowNs - graceNs)
	if err != nil {
		return err
	}
	if err := t.closeSlotsBefore(completeNs); err != nil {
		return err
	}
	if err := t.writeTail(); err != nil {
		return err
	}
	progress := progressLine{"progress", ms(completeNs), t.ledger.Begun(), t.ledger.Held()}
	if err := t.encoder.Encode(progress); err != nil {
		return err
	}
	return t.out.Flush()
}

// Sent notes that no further request will be sent.
func (t *Timeline) Sent() error {
	if err := t.encoder.Encode(sentLine{"sent", t.ledger.Begun(), ms(t.ledger.Latest())}); err != nil {
		return err
	}
	return t.out.Flush()
}

// End writes the rest. `dropped` is how many requests were due and never sent.
func (t *Timeline) End(dropped int64) error {
	const never = int64(1) << 62
	if _, err := t.take(never); err != nil {
		return err
	}
	if err := t.closeSlotsBefore(never); err != nil {
		return err
	}
	for _, request := range t.selection.recent {
		if err := t.writeRequest(request); err != nil {
			return err
		}
	}
	end := endLine{
		Type:       "end",
		Requests:   t.requests,
		Told:       t.written,
		Elided:     t.requests - t.written,
		Dropped:    dropped,
		Unfinished: t.ledger.Held(),
		LateMs:     ms(t.lateNs),
		quantiles:  quantilesOf(t.latencies),
	}
	if err := t.encoder.Encode(end); err != nil {
		return err
	}
	return t.out.Flush()
}

func (t *Timeline) take(beforeNs int64) (int64, error) {
	taken, completeNs := t.ledger.Take(beforeNs)
	for _, request := range taken {
		if err := t.count(request); err != nil {
			return 0, err
		}
		for _, one := range t.selection.add(request) {
			if err := t.writeRequest(one); err != nil {
				return 0, err
			}
		}
	}
	return completeNs, nil
}

func (t *Timeline) count(request Request) error {
	slot := slotOf(request.StartNs)
	if slot != t.slot {
		if err := t.closeSlot(); err != nil {
			return err
		}
		t.slot = slot
	}
	origin, err := t.originID(request.Origin)
	if err != nil {
		return err
	}
	latencyNs := request.EndNs - request.StartNs
	t.tally.add(tallyKey{origin, request.Outcome}, latencyNs)
	record(t.latencies, latencyNs)
	t.lateNs = max(t.lateNs, request.SentNs-request.StartNs)
	t.requests++
	return nil
}

func (t *Timeline) closeSlotsBefore(completeNs int64) error {
	if (t.slot+1)*SlotNs > completeNs {
		return nil
	}
	return t.closeSlot()
}

func (t *Timeline) closeSlot() error {
	line, any := t.tally.line(t.slot)
	if !any {
		return nil
	}
	t.tally.reset()
	return t.encoder.Encode(line)
}

func (t *Timeline) writeRequest(request Request) error {
	line, err := t.lineOf(request)
	if err != nil {
		return err
	}
	t.written++
	return t.encoder.Encode(line)
}

func (t *Timeline) writeTail() error {
	recent := t.selection.recent
	if len(recent) == 0 || recent[len(recent)-1].StartNs == t.tailed {
		return nil
	}
	t.tailed = recent[len(recent)-1].StartNs
	tail := tailLine{"tail", make([]requestLine, 0, len(recent))}
	for _, request := range recent {
		line, err := t.lineOf(request)
		if err != nil {
			return err
		}
		tail.Requests = append(tail.Requests, line)
	}
	return t.encoder.Encode(tail)
}

func (t *Timeline) lineOf(request Request) (requestLine, error) {
	line := requestLine{
		Type:    "request",
		StartMs: ms(request.StartNs),
		EndMs:   ms(request.EndNs),
		Outcome: request.Outcome,
		Status:  request.Status,
		Detail:  request.Detail,
	}
	id, err := t.originID(request.Origin)
	if id >= 0 {
		line.Origin = &id
	}
	return line, err
}

// originID returns the number of an origin, and writes the origin if it is new. There is one origin for each pod that answered.
func (t *Timeline) originID(origin *outcome.Origin) (int, error) {
	if origin == nil {
		return -1, nil
	}
	if id, known := t.origins[*origin]; known {
		return id, nil
	}
	id := len(t.origins)
	t.origins[*origin] = id
	return id, t.encoder.Encode(originLine{"origin", id, *origin})
}

func slotOf(startNs int64) int64 {
	slot := startNs / SlotNs
	if startNs%SlotNs < 0 {
		slot--
	}
	return slot
}
