/**
 * Facts of every struct of apiextensions-apiserver/pkg/apis/apiextensions/v1; the notation is explained in api/schema/notation.ts.
 * Written by packaging/schemas.ts; edit that, not this. Source: k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1/types.go (v0.36)
 */
export const prefix = 'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1'

export const facts = `
enum FieldValueErrorReason FieldValueDuplicate|FieldValueForbidden|FieldValueInvalid|FieldValueRequired
CustomResourceDefinitionSpec
 group string 1 !
 names CustomResourceDefinitionNames 3 !
 scope string 4 !
 versions [CustomResourceDefinitionVersion] 7 !
 conversion *CustomResourceConversion 9
 preserveUnknownFields bool 10
CustomResourceConversion
 strategy string 1 !
 webhook *WebhookConversion 2
WebhookConversion
 clientConfig *WebhookClientConfig 2
 conversionReviewVersions [string] 3 !
WebhookClientConfig
 url *string 3
 service *ServiceReference 1
 caBundle bytes 2
ServiceReference
 namespace string 1 !
 name string 2 !
 path *string 3
 port *int32 4 implied=443
CustomResourceDefinitionVersion
 name string 1 !
 served bool 2 !
 storage bool 3 !
 deprecated bool 7
 deprecationWarning *string 8
 schema *CustomResourceValidation 4
 subresources *CustomResourceSubresources 5
 additionalPrinterColumns [CustomResourceColumnDefinition] 6
 selectableFields [SelectableField] 9
SelectableField
 jsonPath string 1 !
CustomResourceColumnDefinition
 name string 1 !
 type string 2 !
 format string 3
 description string 4
 priority int32 5
 jsonPath string 6 !
CustomResourceDefinitionNames
 plural string 1 !
 singular string 2
 shortNames [string] 3
 kind string 4 !
 listKind string 5
 categories [string] 6
CustomResourceDefinitionCondition
 type string 1 !
 status string 2 !
 lastTransitionTime time 3
 reason string 4
 message string 5
 observedGeneration int64 6
CustomResourceDefinitionStatus
 conditions [CustomResourceDefinitionCondition] 1 . list=type
 acceptedNames CustomResourceDefinitionNames 2 .
 storedVersions [string] 3 .
 observedGeneration int64 4
CustomResourceDefinition
 ...meta-v1.TypeMeta 0
 metadata meta-v1.ObjectMeta 1
 spec CustomResourceDefinitionSpec 2 !
 status CustomResourceDefinitionStatus 3
CustomResourceDefinitionList
 ...meta-v1.TypeMeta 0
 metadata meta-v1.ListMeta 1
 items [CustomResourceDefinition] 2 !
CustomResourceValidation
 openAPIV3Schema *JSONSchemaProps 1
CustomResourceSubresources
 status *CustomResourceSubresourceStatus 1
 scale *CustomResourceSubresourceScale 2
CustomResourceSubresourceStatus
CustomResourceSubresourceScale
 specReplicasPath string 1 !
 statusReplicasPath string 2 !
 labelSelectorPath *string 3
ConversionReview
 ...meta-v1.TypeMeta 0
 request *ConversionRequest 1
 response *ConversionResponse 2
ConversionRequest
 uid string 1 !
 desiredAPIVersion string 2 !
 objects [raw] 3 !
ConversionResponse
 uid string 1 !
 convertedObjects [raw] 2 !
 result meta-v1.Status 3 !
JSONSchemaProps
 id string 1
 $schema string 2
 $ref *string 3
 description string 4
 type string 5
 format string 6
 title string 7
 default *raw 8
 maximum *double 9
 exclusiveMaximum bool 10
 minimum *double 11
 exclusiveMinimum bool 12
 maxLength *int64 13
 minLength *int64 14
 pattern string 15
 maxItems *int64 16
 minItems *int64 17
 uniqueItems bool 18
 multipleOf *double 19
 enum [raw] 20
 maxProperties *int64 21
 minProperties *int64 22
 required [string] 23
 items *schema-or-list 24
 allOf [JSONSchemaProps] 25
 oneOf [JSONSchemaProps] 26
 anyOf [JSONSchemaProps] 27
 not *JSONSchemaProps 28
 properties {JSONSchemaProps} 29
 additionalProperties *schema-or-bool 30
 patternProperties {JSONSchemaProps} 31
 dependencies {schema-or-names} 32
 additionalItems *schema-or-bool 33
 definitions {JSONSchemaProps} 34
 externalDocs *ExternalDocumentation 35
 example *raw 36
 nullable bool 37
 x-kubernetes-preserve-unknown-fields *bool 38
 x-kubernetes-embedded-resource bool 39
 x-kubernetes-int-or-string bool 40
 x-kubernetes-list-map-keys [string] 41
 x-kubernetes-list-type *string 42
 x-kubernetes-map-type *string 43
 x-kubernetes-validations [ValidationRule] 44 list=rule patch=merge:rule
ValidationRule
 rule string 1 !
 message string 2
 messageExpression string 3
 reason *FieldValueErrorReason 4
 fieldPath string 5
 optionalOldSelf *bool 6
JSON
JSONSchemaPropsOrArray
JSONSchemaPropsOrBool
JSONSchemaPropsOrStringArray
ExternalDocumentation
 description string 1
 url string 2
`
