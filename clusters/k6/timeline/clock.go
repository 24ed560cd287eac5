package timeline

import (
	"fmt"
	"time"

	"golang.org/x/sys/unix"
)

// Clock returns times as nanoseconds since the zero of a timeline. It is the kernel's monotonic clock, which Node reads as
// process.hrtime: two processes with the same zero agree on every time, even if the time of day steps.
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

// At is a moment in nanoseconds since zero. The moment must have a monotonic reading, as those of time.Now have.
func (c Clock) At(moment time.Time) int64 { return moment.Sub(c.zero).Nanoseconds() }

// Zero is the wall-clock time of zero, by the current wall clock.
func (c Clock) Zero() time.Time { return time.Now().Add(-time.Since(c.zero)).UTC() }
