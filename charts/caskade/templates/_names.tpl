{{- define "caskade.version" -}}
{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end }}

{{- define "caskade.image" -}}
{{ .Values.image.repository }}:{{ include "caskade.version" . }}
{{- end }}

{{/* Labels of every object: (dict "root" $ "component" NAME). The component label is how users' tools find our parts. */}}
{{- define "caskade.labels" -}}
app.kubernetes.io/name: caskade
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ .root.Chart.Name }}-{{ .root.Chart.Version }}
openebs.io/component-name: {{ .component }}
openebs.io/version: {{ include "caskade.version" .root | quote }}
{{- end }}

{{- define "caskade.selector" -}}
app.kubernetes.io/instance: {{ .root.Release.Name }}
openebs.io/component-name: {{ .component }}
{{- end }}

{{/* What a container may do that touches no device. */}}
{{- define "caskade.unprivileged" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
runAsNonRoot: true
runAsUser: 10001
runAsGroup: 10001
capabilities: {drop: [ALL]}
seccompProfile: {type: RuntimeDefault}
{{- end }}

{{/* Health of each of our roles, on 9500. A role is alive when its event loop answers; it is ready when it does its work. */}}
{{- define "caskade.probes" -}}
startupProbe: {httpGet: {path: /healthz, port: http}, periodSeconds: 2, failureThreshold: 60}
livenessProbe: {httpGet: {path: /healthz, port: http}, periodSeconds: 20, timeoutSeconds: 5}
readinessProbe: {httpGet: {path: /readyz, port: http}, periodSeconds: 5, timeoutSeconds: 5}
{{- end }}

{{/* Where a pod runs. No role looks up cluster names: it talks to the API server by its address and to pods by Service addresses. */}}
{{- define "caskade.placement" -}}
dnsPolicy: Default
{{- with .priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- with .nodeSelector }}
nodeSelector: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .tolerations }}
tolerations: {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}
