// A pod's life as schedulers, kubelets and drains write it: binding, status, debugging, resizing, eviction.
package main

import (
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	typedcore "k8s.io/client-go/kubernetes/typed/core/v1"
)

func cpu(amount string) corev1.ResourceRequirements {
	return corev1.ResourceRequirements{Requests: corev1.ResourceList{corev1.ResourceCPU: resource.MustParse(amount)}}
}

func checkPods(w *world) {
	pods := w.client.CoreV1().Pods(w.namespace)
	pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "lived", Labels: map[string]string{"app": "lived"}},
		Spec: corev1.PodSpec{Containers: []corev1.Container{{Name: "c", Image: "judge.invalid/none:1", Resources: cpu("100m")}}}}
	_, err := pods.Create(w.context(), pod, metav1.CreateOptions{})
	if !w.check("a pod", err) {
		return
	}
	binding := &corev1.Binding{ObjectMeta: metav1.ObjectMeta{Name: "lived"}, Target: corev1.ObjectReference{Kind: "Node", Name: "none"}}
	w.check("bind it", pods.Bind(w.context(), binding, metav1.CreateOptions{}))
	checkPodWrites(w, pods)
	list, err := pods.List(w.context(), metav1.ListOptions{FieldSelector: "spec.nodeName=none,status.phase=Running"})
	if w.check("pods of a node", err) {
		w.check("the one", equal("count", len(list.Items), 1))
	}
	checkEviction(w, pods)
}

// change reads and writes until nobody came between.
func change(w *world, pods typedcore.PodInterface, how func(*corev1.Pod) (*corev1.Pod, error)) (*corev1.Pod, error) {
	for {
		pod, err := pods.Get(w.context(), "lived", metav1.GetOptions{})
		if err != nil {
			return nil, err
		}
		if pod, err = how(pod); !apierrors.IsConflict(err) {
			return pod, err
		}
	}
}

func checkPodWrites(w *world, pods typedcore.PodInterface) {
	pod, err := change(w, pods, func(pod *corev1.Pod) (*corev1.Pod, error) {
		pod.Status.Phase = corev1.PodRunning
		ready := corev1.PodCondition{Type: corev1.PodReady, Status: corev1.ConditionTrue, LastTransitionTime: metav1.Now()}
		pod.Status.Conditions = append(pod.Status.Conditions, ready)
		return pods.UpdateStatus(w.context(), pod, metav1.UpdateOptions{})
	})
	if w.check("status of a pod", err) {
		w.check("says that it runs", equal("phase", pod.Status.Phase, corev1.PodRunning))
	}
	pod, err = change(w, pods, func(pod *corev1.Pod) (*corev1.Pod, error) {
		pod.Spec.EphemeralContainers = []corev1.EphemeralContainer{{EphemeralContainerCommon: corev1.EphemeralContainerCommon{
			Name: "debug", Image: "judge.invalid/none:1", TerminationMessagePolicy: "File", ImagePullPolicy: "Always"}}}
		return pods.UpdateEphemeralContainers(w.context(), pod.Name, pod, metav1.UpdateOptions{})
	})
	if w.check("an ephemeral container", err) {
		w.check("is there", equal("count", len(pod.Spec.EphemeralContainers), 1))
	}
	pod, err = change(w, pods, func(pod *corev1.Pod) (*corev1.Pod, error) {
		pod.Spec.Containers[0].Resources = cpu("200m")
		return pods.UpdateResize(w.context(), pod.Name, pod, metav1.UpdateOptions{})
	})
	if w.check("resize", err) {
		w.check("is wanted", equal("cpu", pod.Spec.Containers[0].Resources.Requests.Cpu().String(), "200m"))
	}
}

func checkEviction(w *world, pods typedcore.PodInterface) {
	budgets := w.client.PolicyV1().PodDisruptionBudgets(w.namespace)
	least := intstr.FromInt32(1)
	budget := &policyv1.PodDisruptionBudget{ObjectMeta: metav1.ObjectMeta{Name: "lived"}, Spec: policyv1.PodDisruptionBudgetSpec{
		MinAvailable: &least, Selector: &metav1.LabelSelector{MatchLabels: map[string]string{"app": "lived"}}}}
	budget, err := budgets.Create(w.context(), budget, metav1.CreateOptions{})
	if !w.check("a disruption budget", err) {
		return
	}
	eviction := &policyv1.Eviction{ObjectMeta: metav1.ObjectMeta{Name: "lived", Namespace: w.namespace}}
	if counted(w, budget.Name) {
		err = pods.EvictV1(w.context(), eviction)
		w.check("holds an eviction off", equal(fmt.Sprint("too many requests, of ", err), apierrors.IsTooManyRequests(err), true))
	} else {
		fmt.Println("not judged: disruption budgets: nobody counted the pods of one")
	}
	w.check("take the budget away", budgets.Delete(w.context(), "lived", metav1.DeleteOptions{}))
	w.check("evict a pod", pods.EvictV1(w.context(), eviction))
	pod, err := pods.Get(w.context(), "lived", metav1.GetOptions{})
	if !apierrors.IsNotFound(err) && w.check("an evicted pod", err) {
		w.check("is on its way", equal("waiting", pod.DeletionTimestamp == nil, false))
	}
}

// counted gives a disruption controller five seconds, where there is one.
func counted(w *world, name string) bool {
	for range 50 {
		budget, err := w.client.PolicyV1().PodDisruptionBudgets(w.namespace).Get(w.context(), name, metav1.GetOptions{})
		must(err)
		if budget.Status.ExpectedPods == 1 {
			return true
		}
		time.Sleep(100 * time.Millisecond)
	}
	return false
}
