// The series of a page in Go's client_golang, served by promhttp without compression.
// main PAGE-FILE; says where it listens.
package main

import (
	"fmt"
	"log"
	"net"
	"net/http"
	"os"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
)

// A vector's metrics all have the same labels: those that one lacks are empty.
func vector(family *dto.MetricFamily) *prometheus.GaugeVec {
	empty := prometheus.Labels{}
	for _, metric := range family.Metric {
		for _, label := range metric.Label {
			empty[label.GetName()] = ""
		}
	}
	var names []string
	for name := range empty {
		names = append(names, name)
	}
	options := prometheus.GaugeOpts{Name: family.GetName(), Help: family.GetHelp()}
	gauges := prometheus.NewGaugeVec(options, names)
	for _, metric := range family.Metric {
		labels := prometheus.Labels{}
		for name := range empty {
			labels[name] = ""
		}
		for _, label := range metric.Label {
			labels[label.GetName()] = label.GetValue()
		}
		gauges.With(labels).Set(metric.GetGauge().GetValue())
	}
	return gauges
}

func main() {
	file, err := os.Open(os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	var parser expfmt.TextParser
	families, err := parser.TextToMetricFamilies(file)
	if err != nil {
		log.Fatal(err)
	}
	registry := prometheus.NewRegistry()
	for _, family := range families {
		registry.MustRegister(vector(family))
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("listening on http://%s\n", listener.Addr())
	handler := promhttp.HandlerFor(registry, promhttp.HandlerOpts{DisableCompression: true})
	log.Fatal(http.Serve(listener, handler))
}
