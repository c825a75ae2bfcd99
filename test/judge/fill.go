// Fills any API type by reflection, the same way at every run: every field set, so that a field which a codec forgets
// is seen. Lists get one full element and one zero element (what Go writes for "nothing" is seen too); a type inside
// itself is filled to depth 2.
package main

import (
	"fmt"
	"reflect"
	"time"

	apiextv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	apiextv1beta1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1beta1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/intstr"
)

const maxDepth = 2

type filler struct {
	count int
	depth map[reflect.Type]int
}

// fill sets every field of the struct that `object` points to, but for TypeMeta.
func fill(object any) {
	f := &filler{depth: map[reflect.Type]int{}}
	f.value(reflect.ValueOf(object).Elem())
}

func (f *filler) next() int {
	f.count++
	return f.count
}

func (f *filler) text() string { return fmt.Sprintf("t%d", f.next()) }

// special fills the types whose JSON is not that of their fields.
func (f *filler) special(v reflect.Value) bool {
	at := time.Date(2026, 1, 2, 3, 4, f.count%60, 0, time.UTC)
	switch target := v.Addr().Interface().(type) {
	case *metav1.TypeMeta:
	case *metav1.Time:
		f.next()
		*target = metav1.NewTime(at)
	case *metav1.MicroTime:
		*target = metav1.NewMicroTime(at.Add(time.Duration(f.next()) * time.Microsecond))
	case *metav1.Duration:
		target.Duration = time.Duration(f.next()) * time.Second
	case *metav1.FieldsV1:
		target.Raw = []byte(fmt.Sprintf(`{"f:%s":{}}`, f.text()))
	case *resource.Quantity:
		*target = f.quantity()
	case *intstr.IntOrString:
		*target = intstr.FromInt32(int32(f.next()))
		if f.count%2 == 0 {
			*target = intstr.FromString(fmt.Sprintf("%d%%", f.count))
		}
	case *runtime.RawExtension:
		target.Raw = f.json()
	case *apiextv1.JSON:
		target.Raw = f.json()
	case *apiextv1beta1.JSON:
		target.Raw = f.json()
	default:
		return false
	}
	return true
}

func (f *filler) json() []byte { return []byte(fmt.Sprintf(`{"raw":[%d,true,"x"]}`, f.next())) }

func (f *filler) quantity() resource.Quantity {
	unit := []string{"", "m", "Mi", "k"}[f.count%4]
	return resource.MustParse(fmt.Sprintf("%d%s", f.next(), unit))
}

func (f *filler) value(v reflect.Value) {
	if f.special(v) {
		return
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString(f.text())
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int32:
		v.SetInt(int64(f.sign(f.next())))
	case reflect.Int64:
		// Past 32 bits, and still what a JavaScript number holds.
		v.SetInt(int64(f.sign(5_000_000_000 + f.next())))
	case reflect.Uint8, reflect.Uint32, reflect.Uint64:
		v.SetUint(uint64(f.next() % 100))
	case reflect.Float64:
		v.SetFloat(float64(f.next()) + 0.5)
	case reflect.Pointer:
		if f.open(v.Type().Elem()) {
			v.Set(reflect.New(v.Type().Elem()))
			f.value(v.Elem())
		}
	case reflect.Slice:
		f.slice(v)
	case reflect.Map:
		f.mapping(v)
	case reflect.Struct:
		f.structure(v)
	default:
		panic("cannot fill " + v.Type().String())
	}
}

// Every fifth number is negative.
func (f *filler) sign(n int) int {
	if n%5 == 0 {
		return -n
	}
	return n
}

// open says whether one more of this type may stand inside what is being filled. A union that holds nothing has no
// JSON of its own, so it is open only while what it holds is.
func (f *filler) open(t reflect.Type) bool {
	if _, isUnion := unions[t.Name()]; isUnion && t.Name() != "JSONSchemaPropsOrBool" {
		schema, _ := t.FieldByName("Schema")
		return f.open(schema.Type.Elem())
	}
	return f.depth[t] < maxDepth
}

func (f *filler) slice(v reflect.Value) {
	element := v.Type().Elem()
	if element.Kind() == reflect.Uint8 {
		v.SetBytes([]byte(f.text()))
		return
	}
	if !f.open(element) {
		return
	}
	v.Set(reflect.MakeSlice(v.Type(), 2, 2))
	f.value(v.Index(0))
	if element.Kind() != reflect.Struct || f.odd(element) {
		f.value(v.Index(1))
	}
}

// odd types have no zero value that comes back out of JSON.
func (f *filler) odd(t reflect.Type) bool {
	return f.special(reflect.New(t).Elem())
}

func (f *filler) mapping(v reflect.Value) {
	element := v.Type().Elem()
	if !f.open(element) {
		return
	}
	v.Set(reflect.MakeMap(v.Type()))
	for range 2 {
		key := reflect.New(v.Type().Key()).Elem()
		key.SetString(f.text())
		item := reflect.New(element).Elem()
		f.value(item)
		v.SetMapIndex(key, item)
	}
}

// Of these only one field may be set: the other form comes at every second one.
var unions = map[string][]string{
	"JSONSchemaPropsOrBool":        {"Schema"},
	"JSONSchemaPropsOrArray":       {"Schema", "JSONSchemas"},
	"JSONSchemaPropsOrStringArray": {"Schema", "Property"},
}

func (f *filler) structure(v reflect.Value) {
	t := v.Type()
	if !f.open(t) {
		return
	}
	f.depth[t]++
	defer func() { f.depth[t]-- }()
	if choices, isUnion := unions[t.Name()]; isUnion {
		f.union(v, choices)
		return
	}
	for i := range v.NumField() {
		if t.Field(i).IsExported() {
			f.value(v.Field(i))
		}
	}
}

func (f *filler) union(v reflect.Value, choices []string) {
	if allows := v.FieldByName("Allows"); allows.IsValid() {
		allows.SetBool(true)
	}
	f.value(v.FieldByName(choices[f.next()%len(choices)]))
}
