package main

import (
	"strings"
	"text/template"
)

// Paths that F5's image uses too: its volumes for a read-only root file system fit.
const (
	configuration = "/etc/nginx/nginx.conf"
	pidFile       = "/var/lib/nginx/nginx.pid"
	statusSocket  = "/var/lib/nginx/nginx-status.sock"
	noPodsSocket  = "/var/lib/nginx/nginx-502-server.sock"
)

var nginxTemplate = template.Must(template.New("nginx.conf").Parse(`# Written by the double of NGINX Ingress Controller.
daemon off;
pid {{.PID}};
error_log stderr notice;
worker_processes {{.Settings.WorkerProcesses}};
{{- with .Settings.WorkerShutdownTimeout}}
worker_shutdown_timeout {{.}};{{end}}
events {
  worker_connections {{.Settings.WorkerConnections}};
}
http {
{{- range .Settings.HTTPSnippets}}
  {{.}}
{{- end}}
  log_format main '$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent '
                  '"$http_referer" "$http_user_agent" "$http_x_forwarded_for"';
  access_log {{if .Settings.AccessLogOff}}off{{else}}/dev/stdout main{{end}};
  default_type application/octet-stream;
  client_body_temp_path /var/cache/nginx/client_temp;
  proxy_temp_path /var/cache/nginx/proxy_temp;
  fastcgi_temp_path /var/cache/nginx/fastcgi_temp;
  uwsgi_temp_path /var/cache/nginx/uwsgi_temp;
  scgi_temp_path /var/cache/nginx/scgi_temp;
  server_tokens {{if .Settings.ServerTokens}}on{{else}}off{{end}};
  keepalive_timeout {{.Settings.KeepaliveTimeout}};
  keepalive_requests {{.Settings.KeepaliveRequests}};
  server_names_hash_bucket_size 256;
  client_max_body_size {{.Settings.ClientMaxBodySize}};
  map $http_upgrade $connection_upgrade {
    default upgrade;
    '' {{if eq .Settings.Keepalive "0"}}close{{else}}''{{end}};
  }
  proxy_http_version 1.1;
  proxy_set_header Upgrade $http_upgrade;
  proxy_set_header Connection $connection_upgrade;
  proxy_set_header Host $host;
  proxy_set_header X-Real-IP $remote_addr;
  proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
  proxy_set_header X-Forwarded-Host $host;
  proxy_set_header X-Forwarded-Port $server_port;
  proxy_set_header X-Forwarded-Proto $scheme;
  proxy_connect_timeout {{.Settings.ProxyConnectTimeout}};
  proxy_read_timeout {{.Settings.ProxyReadTimeout}};
  proxy_send_timeout {{.Settings.ProxySendTimeout}};
{{range .Site.Upstreams}}
  upstream {{.Name}} {
    zone {{.Name}} 64k;
{{- range .Addresses}}
    server {{.}} max_fails=1 fail_timeout=10s;
{{- else}}
    server unix:{{$.NoPods}};
{{- end}}
{{- if ne $.Settings.Keepalive "0"}}
    keepalive {{$.Settings.Keepalive}};
{{- end}}
  }
{{end}}
{{- if not .HasDefault}}
  server {
    {{template "listen" .}}
    server_name _;
{{- if .Options.HealthStatus}}
    {{template "health" .}}
{{- end}}
    location / { return 404; }
  }
{{end}}
{{- range $server := .Site.Servers}}
  server {
{{- if .Host}}
    listen {{$.Options.HTTPPort}}{{$.Proxied}};
    {{- if not $.Options.DisableIPv6}}
    listen [::]:{{$.Options.HTTPPort}}{{$.Proxied}};
    {{- end}}
    server_name {{.Host}};
    {{template "callers" $}}
{{- else}}
    {{template "listen" $}}
    server_name _;
{{- if $.Options.HealthStatus}}
    {{template "health" $}}
{{- end}}
{{- if $.Settings.SSLRedirect}}
    if ($scheme = http) { return 301 https://$host:{{$.Options.HTTPSPort}}$request_uri; }
{{- end}}
{{- end}}
{{- range $.Settings.ServerSnippets}}
    {{.}}
{{- end}}
{{- range .Locations}}
    location {{if .Exact}}= {{end}}"{{.Path}}" {
{{- range $.Settings.LocationSnippets}}
      {{.}}
{{- end}}
      proxy_pass http://{{.Upstream}};
    }
{{- end}}
{{- if not ($.HasRoot $server)}}
    location / { return 404; }
{{- end}}
  }
{{end}}
  server {
    listen unix:{{.NoPods}};
    access_log off;
    return 502;
  }
  server {
    listen unix:{{.Status}};
    access_log off;
    location / { stub_status; }
  }
{{- if .Options.NginxStatus}}
  server {
    listen 127.0.0.1:{{.Options.NginxStatusPort}};
    access_log off;
    location = /stub_status { stub_status; }
    location / { return 404; }
  }
{{- end}}
}
{{define "listen" -}}
listen {{.Options.HTTPPort}} default_server{{.Proxied}};
    listen {{.Options.HTTPSPort}} ssl default_server{{.Proxied}};
    {{- if not .Options.DisableIPv6}}
    listen [::]:{{.Options.HTTPPort}} default_server{{.Proxied}};
    listen [::]:{{.Options.HTTPSPort}} ssl default_server{{.Proxied}};
    {{- end}}
    ssl_reject_handshake on;
    {{template "callers" .}}
{{- end}}
{{define "callers" -}}
{{- range .Settings.SetRealIPFrom}}
    set_real_ip_from {{.}};
{{- end}}
{{- if .Settings.RealIPHeader}}
    real_ip_header {{.Settings.RealIPHeader}};
{{- end}}
{{- if .Settings.RealIPRecursive}}
    real_ip_recursive on;
{{- end}}
{{- end}}
{{define "health" -}}
location {{.Options.HealthStatusURI}} {
      default_type text/plain;
      return 200 "healthy (double of NGINX Ingress Controller)\n";
    }
{{- end}}
`))

type page struct {
	Site     Site
	Settings Settings
	Options  Options
}

func (page) PID() string    { return pidFile }
func (page) Status() string { return statusSocket }
func (page) NoPods() string { return noPodsSocket }

// Proxied is what every port of people has where callers come with a PROXY protocol header.
func (p page) Proxied() string {
	if p.Settings.ProxyProtocol {
		return " proxy_protocol"
	}
	return ""
}

// HasDefault tells whether an Ingress answers for every host: nginx allows one default server.
func (p page) HasDefault() bool {
	for _, server := range p.Site.Servers {
		if server.Host == "" {
			return true
		}
	}
	return false
}

// HasRoot tells whether a server has a location for everything; without one nginx would serve its own files.
func (page) HasRoot(server Server) bool {
	for _, location := range server.Locations {
		if location.Path == "/" && !location.Exact {
			return true
		}
	}
	return false
}

// Render writes nginx's configuration.
func Render(site Site, settings Settings, options Options) (string, error) {
	var text strings.Builder
	err := nginxTemplate.Execute(&text, page{Site: site, Settings: settings, Options: options})
	return text.String(), err
}
