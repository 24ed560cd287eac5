package k6

import (
	"time"

	"go.k6.io/k6/v2/metrics"
	"meshproof.dev/k6/timeline"
)

// requestMetrics are the metrics of the module, for any output, thresholds and the summary. They have few tags: only the
// timeline has the values that differ between requests (times, details).
type requestMetrics struct {
	count    *metrics.Metric
	duration *metrics.Metric
}

func registerMetrics(registry *metrics.Registry) (requestMetrics, error) {
	count, err := registry.NewMetric("meshproof_requests", metrics.Counter)
	if err != nil {
		return requestMetrics{}, err
	}
	duration, err := registry.NewMetric("meshproof_request_duration", metrics.Trend, metrics.Time)
	return requestMetrics{count, duration}, err
}

// observation is one request as metrics of k6. It creates its samples only on demand.
type observation struct {
	metrics requestMetrics
	tags    *metrics.TagSet
	ended   time.Time
	request timeline.Request
}

// GetSamples implements metrics.SampleContainer.
func (o *observation) GetSamples() []metrics.Sample {
	tags := o.tags.With("outcome", string(o.request.Outcome))
	if origin := o.request.Origin; origin != nil {
		tags = tags.With("service", origin.Service).With("cluster", origin.Cluster).
			With("region", origin.Region).With("zone", origin.Zone).With("pod", origin.Pod)
	}
	sample := func(metric *metrics.Metric, value float64) metrics.Sample {
		return metrics.Sample{TimeSeries: metrics.TimeSeries{Metric: metric, Tags: tags}, Time: o.ended, Value: value}
	}
	latency := time.Duration(o.request.EndNs - o.request.StartNs)
	return []metrics.Sample{sample(o.metrics.count, 1), sample(o.metrics.duration, metrics.D(latency))}
}
