//go:build pins

package k6

// xk6 builds this extension together with k6's command. This import, in a file that is never compiled, makes go.mod and go.sum
// pin all modules of that binary.
import _ "go.k6.io/k6/v2/cmd"
