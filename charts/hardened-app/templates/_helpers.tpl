{{- /* Helm adds app.kubernetes.io/managed-by itself where it is the one who installs. */ -}}
{{- define "labels" -}}
app.kubernetes.io/name: hardened-app
app.kubernetes.io/component: controller
{{- end -}}

{{- define "image" -}}
{{- required "set image.repository to an image of your own build: none is published (see the README, Install)" .repository -}}
:{{ .tag | default .appVersion }}{{ with .digest }}@{{ . }}{{ end }}
{{- end -}}

{{- define "subject" -}}
subjects:
- kind: ServiceAccount
  name: hardened-app
  namespace: {{ .Release.Namespace }}
{{- end -}}

{{- define "role" -}}
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: ClusterRole
  name: {{ . }}
{{- end -}}
