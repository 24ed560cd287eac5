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

// ErrLostAnswer is the cause of a request that was written to a kept connection which then closed without an answer. Go would
// retry the request; other clients see a failure.
var ErrLostAnswer = errors.New("the connection closed before the answer")

// notConnected holds the errors of a socket that could not connect.
var notConnected = map[syscall.Errno]bool{
	unix.ECONNREFUSED: true,
	unix.EHOSTUNREACH: true,
	unix.ENETUNREACH:  true,
	unix.EHOSTDOWN:    true,
	unix.ETIMEDOUT:    true,
}

// OfError classifies an error of Go's HTTP client: the answer is missing or incomplete. It follows classifyError in
// harness/traffic/classify.ts. An unknown error is an UpstreamReset.
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
		if notConnected[number] {
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

// isTLS reports whether a handshake failed. Go has types for most of these errors; the others have only a text.
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
	text := err.Error()
	return strings.Contains(text, "tls: ") || strings.Contains(text, "server gave HTTP response to HTTPS client")
}

// OfK6 classifies k6's error code of a request without an answer (https://grafana.com/docs/k6/latest/javascript-api/error-codes/).
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
