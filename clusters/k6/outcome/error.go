package outcome

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// ErrLostAnswer is the cause of a request that was written to a kept connection which then closed without an answer. Go
// would send it again by itself; a user of another client would have seen it fail.
var ErrLostAnswer = errors.New("the connection closed before the answer")

// noWay holds the errors of a socket that mean that no connection was made.
var noWay = map[syscall.Errno]bool{
	unix.ECONNREFUSED: true,
	unix.EHOSTUNREACH: true,
	unix.ENETUNREACH:  true,
	unix.EHOSTDOWN:    true,
	unix.ETIMEDOUT:    true,
}

// OfError says what an error of Go's HTTP client means: no whole answer came back. It follows classifyError in
// harness/traffic/classify.ts; an error that it does not know is an UpstreamReset.
func OfError(err error) Classified {
	code, outcome := codeOf(err)
	detail := err.Error()
	if code != "" {
		detail = code + ": " + detail
	}
	return Classified{Outcome: outcome, Detail: detail}
}

func codeOf(err error) (string, Outcome) {
	var (
		resolving *net.DNSError
		operation *net.OpError
		timed     net.Error
		number    syscall.Errno
	)
	dialling := errors.As(err, &operation) && operation.Op == "dial"
	switch {
	case errors.Is(err, ErrLostAnswer):
		return "ECONNRESET", UpstreamReset
	case errors.As(err, &resolving):
		return "ENOTFOUND", ConnectFailure
	case errors.As(err, &number):
		if noWay[number] {
			return unix.ErrnoName(number), ConnectFailure
		}
		return unix.ErrnoName(number), UpstreamReset
	case isTLS(err):
		return "ERR_TLS", TLSFailure
	case errors.As(err, &timed) && timed.Timeout():
		if dialling {
			return "ETIMEDOUT", ConnectFailure
		}
		return "TimeoutError", ClientTimeout
	case errors.Is(err, context.Canceled):
		return "AbortError", ClientTimeout
	default:
		return "", UpstreamReset
	}
}

// isTLS tells a handshake that failed. Go has a type for most of its errors; the rest only say so.
func isTLS(err error) bool {
	var (
		alert        tls.AlertError
		header       tls.RecordHeaderError
		verification *tls.CertificateVerificationError
		authority    x509.UnknownAuthorityError
		invalid      x509.CertificateInvalidError
		name         x509.HostnameError
	)
	if errors.As(err, &alert) || errors.As(err, &header) || errors.As(err, &verification) ||
		errors.As(err, &authority) || errors.As(err, &invalid) || errors.As(err, &name) {
		return true
	}
	said := err.Error()
	return strings.Contains(said, "tls: ") || strings.Contains(said, "server gave HTTP response to HTTPS client")
}

// OfK6 says what k6's own error code of a request without an answer means (https://grafana.com/docs/k6/latest/javascript-api/error-codes/).
func OfK6(code int, message string) Classified {
	outcome := UpstreamReset
	switch {
	case code == 1050: // request timeout
		outcome = ClientTimeout
	case code >= 1100 && code < 1200, code >= 1210 && code < 1220: // DNS, dial
		outcome = ConnectFailure
	case code >= 1300 && code < 1400:
		outcome = TLSFailure
	}
	return Classified{Outcome: outcome, Detail: message}
}
