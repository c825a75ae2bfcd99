/**
 * Facts of every struct of api/storagemigration/v1beta1; the notation is explained in api/schema/notation.ts.
 * Written by packaging/schemas.ts; edit that, not this. Source: k8s.io/api/storagemigration/v1beta1/types.go (v0.36)
 */
export const prefix = 'io.k8s.api.storagemigration.v1beta1'

export const facts = `
StorageVersionMigration
 ...meta-v1.TypeMeta 0
 metadata meta-v1.ObjectMeta 1
 spec StorageVersionMigrationSpec 2
 status StorageVersionMigrationStatus 3
StorageVersionMigrationSpec
 resource meta-v1.GroupResource 1 !
StorageVersionMigrationStatus
 conditions [meta-v1.Condition] 1 list=type patch=merge:type
 resourceVersion string 2
StorageVersionMigrationList
 ...meta-v1.TypeMeta 0
 metadata meta-v1.ListMeta 1
 items [StorageVersionMigration] 2 !
`
