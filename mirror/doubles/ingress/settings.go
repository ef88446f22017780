package main

import (
	"fmt"
	"regexp"
	"sort"
	"strings"
)

// Settings are the ConfigMap's keys that the double carries out, as nginx writes their values.
type Settings struct {
	ServerTokens          string
	WorkerProcesses       string
	WorkerConnections     string
	WorkerShutdownTimeout string
	ClientMaxBodySize     string
	ProxyConnectTimeout   string
	ProxyReadTimeout      string
	ProxySendTimeout      string
	Keepalive             string
	AccessLogOff          bool
}

// DefaultSettings are F5's.
func DefaultSettings() Settings {
	return Settings{
		ServerTokens: "on", WorkerProcesses: "auto", WorkerConnections: "1024", ClientMaxBodySize: "1m",
		ProxyConnectTimeout: "60s", ProxyReadTimeout: "60s", ProxySendTimeout: "60s", Keepalive: "0",
	}
}

var (
	duration = regexp.MustCompile(`^[0-9]+(ms|s|m|h)?$`)
	size     = regexp.MustCompile(`^[0-9]+[kKmMgG]?$`)
	number   = regexp.MustCompile(`^([0-9]+|auto)$`)
)

// ReadSettings reads a ConfigMap. A key that the double doesn't know is an error: it would silently do nothing.
func ReadSettings(data map[string]string) (Settings, error) {
	s := DefaultSettings()
	texts := map[string]struct {
		target *string
		form   *regexp.Regexp
	}{
		"worker-processes":        {&s.WorkerProcesses, number},
		"worker-connections":      {&s.WorkerConnections, number},
		"worker-shutdown-timeout": {&s.WorkerShutdownTimeout, duration},
		"client-max-body-size":    {&s.ClientMaxBodySize, size},
		"proxy-connect-timeout":   {&s.ProxyConnectTimeout, duration},
		"proxy-read-timeout":      {&s.ProxyReadTimeout, duration},
		"proxy-send-timeout":      {&s.ProxySendTimeout, duration},
		"keepalive":               {&s.Keepalive, number},
	}
	for key, value := range data {
		value = strings.TrimSpace(value)
		text, known := texts[key]
		switch {
		case known && text.form.MatchString(value):
			*text.target = value
		case known:
			return s, fmt.Errorf("ConfigMap key %s=%q: expected %s", key, value, text.form)
		case key == "server-tokens":
			on, err := boolean(key, value)
			if err != nil {
				return s, err
			}
			s.ServerTokens = map[bool]string{true: "on", false: "off"}[on]
		case key == "access-log-off":
			off, err := boolean(key, value)
			if err != nil {
				return s, err
			}
			s.AccessLogOff = off
		default:
			names := []string{"access-log-off", "server-tokens"}
			for name := range texts {
				names = append(names, name)
			}
			sort.Strings(names)
			return s, fmt.Errorf("ConfigMap key %s isn't implemented by this double; it knows %s", key, strings.Join(names, ", "))
		}
	}
	return s, nil
}

func boolean(key, value string) (bool, error) {
	switch strings.ToLower(value) {
	case "true", "on", "1":
		return true, nil
	case "false", "off", "0":
		return false, nil
	}
	return false, fmt.Errorf("ConfigMap key %s=%q: expected True or False", key, value)
}
