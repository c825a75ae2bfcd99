// A certificate: requested, approved by its subresource, signed.
package main

import (
	"encoding/base64"
	"fmt"

	certificatesv1 "k8s.io/api/certificates/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func checkApproval(w *world) {
	requests := w.client.CertificatesV1().CertificateSigningRequests()
	pem, err := base64.StdEncoding.DecodeString(certificateRequest())
	must(err)
	name := "judge-" + w.name
	request := &certificatesv1.CertificateSigningRequest{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec: certificatesv1.CertificateSigningRequestSpec{
			Request: pem, SignerName: certificatesv1.KubeAPIServerClientSignerName,
			Usages: []certificatesv1.KeyUsage{certificatesv1.UsageClientAuth},
		},
	}
	request, err = requests.Create(w.context(), request, metav1.CreateOptions{})
	if !w.check("request a certificate", err) {
		return
	}
	w.check("who asked is noted", equal("nobody", request.Spec.Username == "", false))
	request.Status.Conditions = append(request.Status.Conditions, certificatesv1.CertificateSigningRequestCondition{
		Type: certificatesv1.CertificateApproved, Status: corev1.ConditionTrue, Reason: "Judged", Message: "m"})
	_, err = requests.UpdateApproval(w.context(), name, request, metav1.UpdateOptions{})
	w.check("approve it", err)
	w.check("it is signed", until(func() (bool, string) {
		got, err := requests.Get(w.context(), name, metav1.GetOptions{})
		return err == nil && len(got.Status.Certificate) > 0, fmt.Sprint(err, got.Status)
	}))
	w.check("delete the request", requests.Delete(w.context(), name, metav1.DeleteOptions{}))
}
