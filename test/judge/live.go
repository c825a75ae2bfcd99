// Checks a running server with Kubernetes' own clients, in protobuf and in JSON: one line a check, then the sums.
package main

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
)

// patience is how long anything that the server does by itself may take.
const patience = 20 * time.Second

// A world is one way of talking to the server; its objects lie in a namespace of their own.
type world struct {
	name        string
	contentType string
	config      *rest.Config
	client      kubernetes.Interface
	namespace   string
	// How many answers came in each content type.
	answers *tally
}

// A tally counts the content types of what comes back; it is asked from many goroutines.
type tally struct {
	mutex  sync.Mutex
	counts map[string]int
}

func (t *tally) count(contentType string) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	t.counts[strings.Split(contentType, ";")[0]]++
}

type counting struct {
	http.RoundTripper
	answers *tally
}

func (c counting) RoundTrip(request *http.Request) (*http.Response, error) {
	response, err := c.RoundTripper.RoundTrip(request)
	if err == nil {
		c.answers.count(response.Header.Get("Content-Type"))
	}
	return response, err
}

var formats = []struct{ name, contentType string }{
	{"protobuf", "application/vnd.kubernetes.protobuf"},
	{"json", "application/json"},
}

var areas = []func(*world){
	checkDiscovery, checkVerbs, checkTyped, checkApply, checkInformers, checkWatches, checkDynamic, checkMetadata,
	checkElection, checkRecorders, checkForms,
}

var passed, failed int

func judgeServer(kubeconfig string) int {
	allKinds()
	must(metav1.AddMetaToScheme(allKinds()))
	for _, format := range formats {
		if only := os.Getenv("JUDGE_FORMAT"); only != "" && only != format.name {
			continue
		}
		w := connect(kubeconfig, format.name, format.contentType)
		for _, area := range areas {
			area(w)
		}
		checkEnd(w)
	}
	fmt.Printf("%d passed, %d failed\n", passed, failed)
	if failed > 0 {
		return 1
	}
	return 0
}

func connect(kubeconfig, name, contentType string) *world {
	config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	must(err)
	config.QPS = -1
	config.ContentType = contentType
	config.AcceptContentTypes = contentType
	answers := &tally{counts: map[string]int{}}
	config.Wrap(func(inner http.RoundTripper) http.RoundTripper { return counting{inner, answers} })
	client, err := kubernetes.NewForConfig(config)
	must(err)
	w := &world{name, contentType, config, client, "judge-" + name, answers}
	space := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: w.namespace}}
	_, err = client.CoreV1().Namespaces().Create(w.context(), space, metav1.CreateOptions{})
	w.check("create a namespace", err)
	return w
}

// checkEnd: a namespace goes with everything in it, of every kind.
func checkEnd(w *world) {
	now := int64(0)
	// No node will ever say that its pod has ended.
	w.check("end the pods", w.client.CoreV1().Pods(w.namespace).DeleteCollection(w.context(),
		metav1.DeleteOptions{GracePeriodSeconds: &now}, metav1.ListOptions{}))
	spaces := w.client.CoreV1().Namespaces()
	w.check("delete the namespace", spaces.Delete(w.context(), w.namespace, metav1.DeleteOptions{}))
	w.check("the namespace is gone", until(func() (bool, string) {
		space, err := spaces.Get(w.context(), w.namespace, metav1.GetOptions{})
		return apierrors.IsNotFound(err), fmt.Sprint(err, space)
	}))
}

// context ends by itself, a little after everything in it should have.
func (w *world) context() context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	context.AfterFunc(ctx, cancel)
	return ctx
}

// check prints the outcome, and says whether the next step of the same object makes sense.
func (w *world) check(what string, err error) bool {
	if err == nil {
		passed++
		fmt.Printf("ok      %-8s  %s\n", w.name, what)
		return true
	}
	failed++
	fmt.Printf("NOT OK  %-8s  %s: %v\n", w.name, what, err)
	return false
}

// until waits for a condition; `last` says what was seen instead.
func until(condition func() (done bool, last string)) error {
	deadline := time.Now().Add(patience)
	for {
		done, last := condition()
		if done {
			return nil
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("not within %s, last: %s", patience, last)
		}
		time.Sleep(50 * time.Millisecond)
	}
}

func equal[T comparable](what string, got, wanted T) error {
	if got == wanted {
		return nil
	}
	return fmt.Errorf("%s is %v, not %v", what, got, wanted)
}
