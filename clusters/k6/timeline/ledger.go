// Package timeline keeps what becomes of requests and writes it down, in memory that does not grow with their number.
package timeline

import (
	"sync"

	"meshproof.dev/k6/outcome"
)

// Request is one request. Times are nanoseconds on the timeline's clock.
type Request struct {
	// StartNs is when the request was due.
	StartNs int64
	// SentNs is when it was sent.
	SentNs int64
	// EndNs is when its outcome was known.
	EndNs int64
	// Status is the HTTP status, 0 when none came back.
	Status int
	outcome.Classified
}

// Ledger holds requests from their start until all that were due before them have ended, so that they leave in the order in
// which they were due. What it holds is bounded by what is under way.
type Ledger struct {
	mutex sync.Mutex
	queue []*Entry
	head  int
	begun int64
	// latestNs is the latest start so far.
	latestNs int64
}

// Entry is a request in a ledger.
type Entry struct {
	request Request
	ended   bool
}

// Begin notes a request that is being sent.
func (l *Ledger) Begin(startNs, sentNs int64) *Entry {
	entry := &Entry{request: Request{StartNs: startNs, SentNs: sentNs}}
	l.mutex.Lock()
	defer l.mutex.Unlock()
	l.begun++
	l.latestNs = max(l.latestNs, startNs)
	l.queue = append(l.queue, entry)
	for at := len(l.queue) - 1; at > l.head && l.queue[at-1].request.StartNs > startNs; at-- {
		l.queue[at-1], l.queue[at] = l.queue[at], l.queue[at-1]
	}
	return entry
}

// End notes what became of a request. A second end of the same request is ignored.
func (l *Ledger) End(entry *Entry, endNs int64, status int, classified outcome.Classified) Request {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	if !entry.ended {
		entry.request.EndNs, entry.request.Status, entry.request.Classified = endNs, status, classified
		entry.ended = true
	}
	return entry.request
}

// Take removes, in order, the requests that were due before a moment and before which none is under way. It returns them
// and the moment up to which that is all: the given one, or the start of the oldest request under way.
func (l *Ledger) Take(beforeNs int64) (taken []Request, completeNs int64) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	completeNs = beforeNs
	for ; l.head < len(l.queue); l.head++ {
		entry := l.queue[l.head]
		if entry.request.StartNs >= beforeNs {
			break
		}
		if !entry.ended {
			completeNs = entry.request.StartNs
			break
		}
		taken = append(taken, entry.request)
		l.queue[l.head] = nil
	}
	if l.head > len(l.queue)/2 {
		l.queue = append(l.queue[:0:0], l.queue[l.head:]...)
		l.head = 0
	}
	return taken, completeNs
}

// Begun is how many requests were sent.
func (l *Ledger) Begun() int64 {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	return l.begun
}

// Latest is when the last request that was sent was due.
func (l *Ledger) Latest() int64 {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	return l.latestNs
}

// Held is how many requests have not been taken.
func (l *Ledger) Held() int {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	return len(l.queue) - l.head
}
