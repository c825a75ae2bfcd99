// Every verb of every kind that the server says it serves, through typed clients: the objects are Go's own types, so
// a field that changes its form on the wire does not decode.
package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/diff"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
)

// A served resource, with the client of its group-version.
type served struct {
	*world
	metav1.APIResource
	gvk       schema.GroupVersionKind
	rest      *rest.RESTClient
	other     *rest.RESTClient
	hasStatus bool
}

func checkVerbs(w *world) {
	_, lists, err := w.client.Discovery().ServerGroupsAndResources()
	if err != nil {
		return
	}
	clear(w.answers.counts)
	defer w.checkAnswers()
	for _, list := range lists {
		version, err := schema.ParseGroupVersion(list.GroupVersion)
		must(err)
		client := restClient(w.config, version)
		other := restClient(otherFormat(w.config), version)
		subresources := map[string]bool{}
		for _, r := range list.APIResources {
			subresources[r.Name] = true
		}
		for _, r := range list.APIResources {
			gvk := version.WithKind(r.Kind)
			if strings.Contains(r.Name, "/") || skipped[r.Name] {
				continue
			}
			if !scheme.Scheme.Recognizes(gvk) {
				fmt.Printf("not judged: %s\n", gvk)
				continue
			}
			checkResource(&served{w, r, gvk, client, other, subresources[r.Name+"/status"]})
		}
	}
}

// checkAnswers: what was asked for in one format came in it.
func (w *world) checkAnswers() {
	wrong := []string{}
	for contentType, count := range w.answers.counts {
		if contentType != w.contentType {
			wrong = append(wrong, fmt.Sprint(count, " ", contentType))
		}
	}
	w.check("every answer in its format", equal("others", strings.Join(wrong, ", "), ""))
	w.check("answers are counted", equal("enough", w.answers.counts[w.contentType] > 500, true))
}

// otherFormat reads in JSON what was written in protobuf, and the other way round. Its answers do not count.
func otherFormat(config *rest.Config) *rest.Config {
	other := rest.CopyConfig(config)
	other.WrapTransport = nil
	other.ContentType = formats[0].contentType
	if config.ContentType == other.ContentType {
		other.ContentType = formats[1].contentType
	}
	other.AcceptContentTypes = other.ContentType
	return other
}

// restClient is made as the generated clients make theirs.
func restClient(base *rest.Config, version schema.GroupVersion) *rest.RESTClient {
	config := rest.CopyConfig(base)
	config.GroupVersion = &version
	config.APIPath = "/apis"
	if version.Group == "" {
		config.APIPath = "/api"
	}
	config.NegotiatedSerializer = rest.CodecFactoryForGeneratedClient(scheme.Scheme, scheme.Codecs).WithoutConversion()
	client, err := rest.RESTClientFor(config)
	must(err)
	return client
}

func (s *served) can(verb string) bool {
	for _, one := range s.Verbs {
		if one == verb {
			return true
		}
	}
	return false
}

func (s *served) title(what string) string {
	return fmt.Sprintf("%s %s %s", what, s.gvk.GroupVersion(), s.Name)
}

func (s *served) empty(kind string) runtime.Object {
	object, err := scheme.Scheme.New(s.gvk.GroupVersion().WithKind(kind))
	must(err)
	return object
}

func (s *served) at(request *rest.Request) *rest.Request {
	return request.NamespaceIfScoped(s.namespace, s.Namespaced).Resource(s.APIResource.Name)
}

func checkResource(s *served) {
	if !s.can("create") {
		if s.can("list") {
			s.check(s.title("list"), s.at(s.rest.Get()).Do(s.context()).Into(s.empty(s.Kind+"List")))
		}
		return
	}
	object := sample(s)
	if !s.can("get") {
		s.check(s.title("create"), s.at(s.rest.Post()).Body(object).Do(s.context()).Into(s.empty(s.Kind)))
		return
	}
	name := nameOf(object)
	events := s.watchFromNow()
	created := s.empty(s.Kind)
	if !s.check(s.title("create"), s.at(s.rest.Post()).Body(object).Do(s.context()).Into(created)) {
		return
	}
	s.checkReads(name, created, events)
	s.checkWrites(name)
	s.checkDeletes(name, sample(s))
}

func nameOf(object runtime.Object) string {
	accessor, err := meta.Accessor(object)
	must(err)
	return accessor.GetName()
}

// watchFromNow gives nil for what cannot be watched.
func (s *served) watchFromNow() watch.Interface {
	if !s.can("watch") {
		return nil
	}
	list := s.empty(s.Kind + "List")
	if !s.check(s.title("list"), s.at(s.rest.Get()).Do(s.context()).Into(list)) {
		return nil
	}
	accessor, err := meta.ListAccessor(list)
	must(err)
	options := &metav1.ListOptions{Watch: true, ResourceVersion: accessor.GetResourceVersion()}
	events, err := s.at(s.rest.Get()).VersionedParams(options, scheme.ParameterCodec).Watch(context.Background())
	if !s.check(s.title("watch"), err) {
		return nil
	}
	return events
}

func (s *served) checkReads(name string, created runtime.Object, events watch.Interface) {
	got := s.empty(s.Kind)
	if s.check(s.title("get"), s.at(s.rest.Get()).Name(name).Do(s.context()).Into(got)) {
		s.check(s.title("the formats agree on"), s.sameInBoth(name))
	}
	if events != nil {
		defer events.Stop()
		event, err := awaitEvent(s.context(), events, name)
		if s.check(s.title("watch sees the new"), err) {
			s.check(s.title("as create answered it,"), sameObject(created, event))
		}
	}
	list := s.empty(s.Kind + "List")
	options := &metav1.ListOptions{LabelSelector: "judge=" + s.Name}
	if s.check(s.title("list by label"),
		s.at(s.rest.Get()).VersionedParams(options, scheme.ParameterCodec).Do(s.context()).Into(list)) {
		s.check(s.title("one in the list of"), equal("count", meta.LenList(list), 1))
	}
}

// sameInBoth reads one version of the object in both formats; a controller may write in between.
func (s *served) sameInBoth(name string) error {
	one, other := s.empty(s.Kind), s.empty(s.Kind)
	for range 10 {
		if err := s.at(s.rest.Get()).Name(name).Do(s.context()).Into(one); err != nil {
			return err
		}
		if err := s.at(s.other.Get()).Name(name).Do(s.context()).Into(other); err != nil {
			return err
		}
		if versionOf(one) == versionOf(other) {
			break
		}
	}
	return sameObject(one, other)
}

func versionOf(object runtime.Object) string {
	accessor, err := meta.Accessor(object)
	must(err)
	return accessor.GetResourceVersion()
}

// sameObject: nothing and an empty list are the same in protobuf.
func sameObject(one, other runtime.Object) error {
	for _, object := range []runtime.Object{one, other} {
		object.GetObjectKind().SetGroupVersionKind(schema.GroupVersionKind{})
	}
	if equality.Semantic.DeepEqual(one, other) {
		return nil
	}
	return errors.New(diff.Diff(one, other))
}

// awaitEvent gives the first event of an object with that name.
func awaitEvent(ctx context.Context, events watch.Interface, name string) (runtime.Object, error) {
	for {
		select {
		case event, open := <-events.ResultChan():
			switch {
			case !open:
				return nil, errors.New("the watch ended")
			case event.Type == watch.Error:
				return nil, apierrors.FromObject(event.Object)
			case nameOf(event.Object) == name:
				return event.Object, nil
			}
		case <-ctx.Done():
			return nil, fmt.Errorf("%s was not seen", name)
		}
	}
}

var patches = []struct {
	name  string
	kind  types.PatchType
	patch string
}{
	{"merge patch", types.MergePatchType, `{"metadata":{"annotations":{"judge/merge":"1"}}}`},
	{"strategic merge patch", types.StrategicMergePatchType, `{"metadata":{"annotations":{"judge/strategic":"1"}}}`},
	{"JSON patch", types.JSONPatchType, `[{"op":"add","path":"/metadata/annotations/judge~1json","value":"1"}]`},
}

func (s *served) checkWrites(name string) {
	if s.can("update") {
		s.check(s.title("update"), s.put(name, ""))
		if s.hasStatus {
			s.check(s.title("update status of"), s.put(name, "status"))
		}
	}
	if !s.can("patch") {
		return
	}
	for _, one := range patches {
		patched := s.empty(s.Kind)
		body := []byte(one.patch)
		err := s.at(s.rest.Patch(one.kind)).Name(name).Body(body).Do(s.context()).Into(patched)
		if err == nil && !strings.Contains(fmt.Sprint(annotationsOf(patched)), "judge/"+strings.ToLower(firstWord(one.name))) {
			err = fmt.Errorf("annotations are %v", annotationsOf(patched))
		}
		s.check(s.title(one.name), err)
	}
	apply := fmt.Sprintf(`{"apiVersion":%q,"kind":%q,"metadata":{"name":%q,"labels":{"judge/applied":"1"}}}`,
		s.gvk.GroupVersion(), s.Kind, name)
	s.check(s.title("apply"), s.at(s.rest.Patch(types.ApplyPatchType)).Name(name).
		Param("fieldManager", "judge-apply").Param("force", "true").Body([]byte(apply)).
		Do(s.context()).Into(s.empty(s.Kind)))
}

func firstWord(text string) string { return strings.Fields(text)[0] }

func annotationsOf(object runtime.Object) map[string]string {
	accessor, err := meta.Accessor(object)
	must(err)
	return accessor.GetAnnotations()
}

// put reads and writes until no controller came between.
func (s *served) put(name, subresource string) error {
	var err error
	for range 5 {
		object := s.empty(s.Kind)
		if err = s.at(s.rest.Get()).Name(name).Do(s.context()).Into(object); err != nil {
			return err
		}
		accessor, _ := meta.Accessor(object)
		annotations := map[string]string{"judge/put": "1"}
		for key, value := range accessor.GetAnnotations() {
			annotations[key] = value
		}
		accessor.SetAnnotations(annotations)
		request := s.at(s.rest.Put()).Name(name)
		if subresource != "" {
			request = request.SubResource(subresource)
		}
		if err = request.Body(object).Do(s.context()).Into(s.empty(s.Kind)); !apierrors.IsConflict(err) {
			return err
		}
	}
	return err
}

func (s *served) checkDeletes(name string, again runtime.Object) {
	if s.can("delete") {
		zero := int64(0)
		err := s.at(s.rest.Delete()).Name(name).Body(&metav1.DeleteOptions{GracePeriodSeconds: &zero}).
			Do(s.context()).Error()
		s.check(s.title("delete"), err)
		s.check(s.title("gone:"), s.awaitGone(name))
	}
	if !s.can("deletecollection") {
		return
	}
	err := s.at(s.rest.Post()).Body(again).Do(s.context()).Into(s.empty(s.Kind))
	if !s.check(s.title("create again"), err) {
		return
	}
	options := &metav1.ListOptions{LabelSelector: "judge=" + s.Name}
	s.check(s.title("delete collection of"), s.at(s.rest.Delete()).VersionedParams(options, scheme.ParameterCodec).
		Body(&metav1.DeleteOptions{}).Do(s.context()).Error())
	s.check(s.title("collection gone:"), s.awaitGone(name))
}

func (s *served) awaitGone(name string) error {
	return until(func() (bool, string) {
		object := s.empty(s.Kind)
		err := s.at(s.rest.Get()).Name(name).Do(s.context()).Into(object)
		return apierrors.IsNotFound(err), fmt.Sprintf("%v %v", err, object)
	})
}
