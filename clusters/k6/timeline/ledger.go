// Package timeline records the results of requests as a stream. Its memory does not grow with the number of requests.
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
	// Status is the HTTP status, 0 without an answer.
	Status int
	outcome.Classified
}

// Ledger holds each request until all requests that were due before it have ended, so that requests leave in the order in
// which they were due. The requests in flight bound its size.
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

// Begin records the start of a request.
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

// End records the result of a request. A second end of the same request is ignored.
func (l *Ledger) End(entry *Entry, endNs int64, status int, classified outcome.Classified) Request {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	if !entry.ended {
		entry.request.EndNs, entry.request.Status, entry.request.Classified = endNs, status, classified
		entry.ended = true
	}
	return entry.request
}

// Take removes, in order, the requests that were due before beforeNs and before the oldest request in flight. It returns them
// and the moment up to which they are complete: beforeNs, or the start of the oldest request in flight.
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

// Begun is the number of requests sent.
func (l *Ledger) Begun() int64 {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	return l.begun
}

// Latest is when the last sent request was due.
func (l *Ledger) Latest() int64 {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	return l.latestNs
}

// Held is the number of requests that have not been taken.
func (l *Ledger) Held() int {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	return len(l.queue) - l.head
}
