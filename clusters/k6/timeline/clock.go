package timeline

import (
	"fmt"
	"time"

	"golang.org/x/sys/unix"
)

// Clock tells times as nanoseconds since the zero of a timeline. It is the kernel's monotonic clock, which Node reads as
// process.hrtime: two processes that agree on the zero agree on every time, whatever happens to the time of day.
type Clock struct{ zero time.Time }

// NewClock starts a clock whose zero is now.
func NewClock() Clock { return Clock{zero: time.Now()} }

// ClockSince returns a clock whose zero was at a reading of CLOCK_MONOTONIC, in nanoseconds.
func ClockSince(monotonicNs int64) (Clock, error) {
	var reading unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &reading); err != nil {
		return Clock{}, fmt.Errorf("reading CLOCK_MONOTONIC: %w", err)
	}
	return Clock{zero: time.Now().Add(time.Duration(monotonicNs - reading.Nano()))}, nil
}

// Now is the present, in nanoseconds since zero.
func (c Clock) Now() int64 { return c.At(time.Now()) }

// At is a moment in nanoseconds since zero. The moment has to carry a monotonic reading, as those of time.Now do.
func (c Clock) At(moment time.Time) int64 { return moment.Sub(c.zero).Nanoseconds() }

// Zero is the wall-clock time of zero, as it looks now.
func (c Clock) Zero() time.Time { return time.Now().Add(-time.Since(c.zero)).UTC() }
