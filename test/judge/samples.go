// A valid object of every kind, as small as it may be. What would change the fate of other requests (webhooks, policies,
// quotas) matches nothing that the judge does.
package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"strings"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime"
)

// What cannot be made by creating an object: a binding needs its pod.
var skipped = map[string]bool{"bindings": true}

const (
	template = `{"metadata":{"labels":{"app":"judge"}},"spec":{"containers":[{"name":"c","image":"judge.invalid/none:1"}]}}`
	onceMore = `{"metadata":{"labels":{"app":"judge"}},"spec":{"restartPolicy":"Never","containers":[{"name":"c","image":"judge.invalid/none:1"}]}}`
	scaled   = `{"spec":{"replicas":0,"selector":{"matchLabels":{"app":"judge"}},"template":` + template + `}}`
	policy   = `"matchConstraints":{"resourceRules":[` + rule + `]}`
	rule     = `{"apiGroups":["judge.example.com"],"apiVersions":["v1"],"resources":["nones"],"operations":["CREATE"]}`
	hook     = `{"webhooks":[{"name":"one.judge.example.com","failurePolicy":"Ignore","sideEffects":"None",` +
		`"admissionReviewVersions":["v1"],"clientConfig":{"url":"https://judge.invalid/"},"rules":[` + rule + `]}]}`
	claim    = `{"devices":{"requests":[{"name":"r","exactly":{"deviceClassName":"c.example.com"}}]}}`
	oldClaim = `{"devices":{"requests":[{"name":"r","deviceClassName":"c.example.com"}]}}`
	target   = `"scaleTargetRef":{"apiVersion":"apps/v1","kind":"Deployment","name":"none"}`
	about    = `{"kind":"Pod","namespace":"$NAMESPACE","name":"p"}`
)

// Names that are not free to choose.
var names = map[string]string{
	"CustomResourceDefinition": "verdicts.judge.example.com",
	"IPAddress":                "10.99.0.7",
	"CSIDriver":                "judge.example.com",
	"DeviceClass":              "judge.example.com",
}

// By kind, or by group-version and kind where an old version has another form.
var bodies = map[string]string{
	"ConfigMap":               `{"data":{"a":"b"},"binaryData":{"c":"AAEC"}}`,
	"Secret":                  `{"type":"Opaque","data":{"a":"Yg=="}}`,
	"Service":                 `{"spec":{"selector":{"app":"judge"},"ports":[{"port":80}]}}`,
	"Endpoints":               `{"subsets":[{"addresses":[{"ip":"10.1.2.3"}],"ports":[{"port":80}]}]}`,
	"Pod":                     template,
	"PodTemplate":             `{"template":` + template + `}`,
	"ReplicationController":   `{"spec":{"replicas":0,"selector":{"app":"judge"},"template":` + template + `}}`,
	"LimitRange":              `{"spec":{"limits":[{"type":"Pod","max":{"cpu":"500"}}]}}`,
	"ResourceQuota":           `{"spec":{"hard":{"count/nones.judge.example.com":"5"}}}`,
	"PersistentVolume":        `{"spec":{"capacity":{"storage":"1Gi"},"accessModes":["ReadWriteOnce"],"storageClassName":"judge-none","hostPath":{"path":"/none"}}}`,
	"PersistentVolumeClaim":   `{"spec":{"accessModes":["ReadWriteOnce"],"storageClassName":"judge-none","resources":{"requests":{"storage":"1Gi"}}}}`,
	"v1 Event":                `{"involvedObject":` + about + `,"reason":"Judged","message":"m","type":"Normal","count":1}`,
	"Event":                   `{"eventTime":"2026-01-02T03:04:05.000006Z","reportingController":"judge.example.com/j","reportingInstance":"i","action":"Judge","reason":"Judged","type":"Normal","regarding":` + about + `}`,
	"Deployment":              scaled,
	"ReplicaSet":              scaled,
	"StatefulSet":             `{"spec":{"serviceName":"judge","replicas":0,"selector":{"matchLabels":{"app":"judge"}},"template":` + template + `}}`,
	"DaemonSet":               `{"spec":{"selector":{"matchLabels":{"app":"judge"}},"template":` + template + `}}`,
	"ControllerRevision":      `{"revision":1,"data":{"a":1}}`,
	"Job":                     `{"spec":{"suspend":true,"template":` + onceMore + `}}`,
	"CronJob":                 `{"spec":{"schedule":"0 0 1 1 *","suspend":true,"jobTemplate":{"spec":{"template":` + onceMore + `}}}}`,
	"HorizontalPodAutoscaler": `{"spec":{"maxReplicas":3,` + target + `}}`,
	"PodDisruptionBudget":     `{"spec":{"minAvailable":"50%","selector":{"matchLabels":{"app":"judge"}}}}`,

	"Ingress":                           `{"spec":{"defaultBackend":{"service":{"name":"s","port":{"number":80}}}}}`,
	"networking.k8s.io/v1beta1 Ingress": `{"spec":{"backend":{"serviceName":"s","servicePort":80}}}`,
	"extensions/v1beta1 Ingress":        `{"spec":{"backend":{"serviceName":"s","servicePort":80}}}`,
	"NetworkPolicy":                     `{"spec":{"podSelector":{},"ingress":[{"ports":[{"port":80}]}]}}`,
	"IngressClass":                      `{"spec":{"controller":"judge.example.com/none"}}`,
	"IPAddress":                         `{"spec":{"parentRef":{"resource":"services","namespace":"default","name":"none"}}}`,
	"ServiceCIDR":                       `{"spec":{"cidrs":["10.99.0.0/24"]}}`,
	"EndpointSlice":                     `{"addressType":"IPv4","endpoints":[{"addresses":["10.1.2.3"],"conditions":{"ready":true}}],"ports":[{"name":"","port":80}]}`,

	"StorageClass":          `{"provisioner":"judge.example.com/none"}`,
	"VolumeAttachment":      `{"spec":{"attacher":"judge.example.com","nodeName":"none","source":{"persistentVolumeName":"none"}}}`,
	"CSIStorageCapacity":    `{"storageClassName":"judge-none","capacity":"1Gi"}`,
	"VolumeAttributesClass": `{"driverName":"judge.example.com","parameters":{"a":"b"}}`,
	"CSINode":               `{"spec":{"drivers":[{"name":"judge.example.com","nodeID":"n"}]}}`,

	"Role":               `{"rules":[{"apiGroups":[""],"resources":["pods"],"verbs":["get"]}]}`,
	"ClusterRole":        `{"rules":[{"nonResourceURLs":["/none"],"verbs":["get"]}]}`,
	"RoleBinding":        `{"roleRef":{"apiGroup":"rbac.authorization.k8s.io","kind":"Role","name":"none"},"subjects":[{"kind":"User","apiGroup":"rbac.authorization.k8s.io","name":"u"}]}`,
	"ClusterRoleBinding": `{"roleRef":{"apiGroup":"rbac.authorization.k8s.io","kind":"ClusterRole","name":"none"},"subjects":[{"kind":"User","apiGroup":"rbac.authorization.k8s.io","name":"u"}]}`,

	"ValidatingWebhookConfiguration":   hook,
	"MutatingWebhookConfiguration":     hook,
	"ValidatingAdmissionPolicy":        `{"spec":{` + policy + `,"validations":[{"expression":"true"}]}}`,
	"ValidatingAdmissionPolicyBinding": `{"spec":{"policyName":"none","validationActions":["Deny"]}}`,
	"MutatingAdmissionPolicy":          `{"spec":{` + policy + `,"reinvocationPolicy":"Never","mutations":[{"patchType":"ApplyConfiguration","applyConfiguration":{"expression":"Object{}"}}]}}`,
	"MutatingAdmissionPolicyBinding":   `{"spec":{"policyName":"none"}}`,
	"CustomResourceDefinition":         `{"spec":{"group":"judge.example.com","scope":"Namespaced","names":{"plural":"verdicts","singular":"verdict","kind":"Verdict","listKind":"VerdictList"},"versions":[{"name":"v1","served":true,"storage":true,"schema":{"openAPIV3Schema":{"type":"object","x-kubernetes-preserve-unknown-fields":true}}}]}}`,

	"apiextensions.k8s.io/v1beta1 CustomResourceDefinition": `{"spec":{"group":"judge.example.com","scope":"Namespaced","version":"v1","names":{"plural":"verdicts","singular":"verdict","kind":"Verdict","listKind":"VerdictList"}}}`,

	"PriorityClass":                     `{"value":7,"description":"d"}`,
	"RuntimeClass":                      `{"handler":"runc"}`,
	"node.k8s.io/v1alpha1 RuntimeClass": `{"spec":{"runtimeHandler":"runc"}}`,
	"Lease":                             `{"spec":{"holderIdentity":"h","leaseDurationSeconds":9,"renewTime":"2026-01-02T03:04:05.000006Z"}}`,
	"FlowSchema":                        `{"spec":{"priorityLevelConfiguration":{"name":"none"}}}`,
	"PriorityLevelConfiguration":        `{"spec":{"type":"Limited","limited":{"limitResponse":{"type":"Reject"}}}}`,
	"CertificateSigningRequest":         `{"spec":{"request":"$REQUEST","signerName":"judge.example.com/none","usages":["client auth"]}}`,
	"StorageVersionMigration":           `{"spec":{"resource":{"group":"apps","resource":"deployments"}}}`,

	"DeviceClass":           `{"spec":{"selectors":[{"cel":{"expression":"true"}}]}}`,
	"ResourceClaim":         `{"spec":` + claim + `}`,
	"ResourceClaimTemplate": `{"spec":{"spec":` + claim + `}}`,
	"ResourceSlice":         `{"spec":{"driver":"judge.example.com","nodeName":"none","pool":{"name":"p","generation":1,"resourceSliceCount":1},"devices":[{"name":"d"}]}}`,
	"DeviceTaintRule":       `{"spec":{"taint":{"key":"judge.example.com/t","effect":"NoSchedule"}}}`,

	"resource.k8s.io/v1beta1 ResourceClaim":         `{"spec":` + oldClaim + `}`,
	"resource.k8s.io/v1beta1 ResourceClaimTemplate": `{"spec":{"spec":` + oldClaim + `}}`,
	"resource.k8s.io/v1beta1 ResourceSlice":         `{"spec":{"driver":"judge.example.com","nodeName":"none","pool":{"name":"p","generation":1,"resourceSliceCount":1},"devices":[{"name":"d","basic":{}}]}}`,

	"TokenReview":              `{"spec":{"token":"none"}}`,
	"SubjectAccessReview":      `{"spec":{"user":"u","resourceAttributes":{"verb":"get","resource":"pods"}}}`,
	"LocalSubjectAccessReview": `{"spec":{"user":"u","resourceAttributes":{"namespace":"$NAMESPACE","verb":"get","resource":"pods"}}}`,
	"SelfSubjectAccessReview":  `{"spec":{"resourceAttributes":{"verb":"get","resource":"pods"}}}`,
	"SelfSubjectRulesReview":   `{"spec":{"namespace":"$NAMESPACE"}}`,
}

// sample makes the object that is sent: Go's own type, with a name and a label.
func sample(s *served) runtime.Object {
	body, found := bodies[s.gvk.GroupVersion().String()+" "+s.Kind]
	if !found {
		body = bodies[s.Kind]
	}
	object := s.empty(s.Kind)
	if body != "" {
		body = strings.NewReplacer("$NAMESPACE", s.namespace, "$REQUEST", certificateRequest()).Replace(body)
		must(json.Unmarshal([]byte(body), object))
	}
	accessor, err := meta.Accessor(object)
	must(err)
	name := names[s.Kind]
	if name == "" {
		name = "judge-" + s.APIResource.Name
	}
	if s.can("get") {
		accessor.SetName(name)
		accessor.SetLabels(map[string]string{"judge": s.APIResource.Name, "app": "judge"})
	}
	if s.Namespaced {
		accessor.SetNamespace(s.namespace)
	}
	return object
}

func certificateRequest() string {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(err)
	subject := x509.CertificateRequest{Subject: pkix.Name{CommonName: "judge"}}
	der, err := x509.CreateCertificateRequest(rand.Reader, &subject, key)
	must(err)
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE REQUEST", Bytes: der})
	return base64.StdEncoding.EncodeToString(text)
}
