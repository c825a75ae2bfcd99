/** What both kubectls are asked, as data: order matters within a table, and tables build on those before them. */
import type { Step } from './kubectl-clients.ts'

const list = (...items: readonly object[]): string =>
  JSON.stringify({ apiVersion: 'v1', kind: 'List', items })

const web = (replicas: number, more: object = {}) => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web', labels: { app: 'web' } },
  spec: {
    replicas,
    selector: { matchLabels: { app: 'web' } },
    template: {
      metadata: { labels: { app: 'web' } },
      spec: {
        containers: [
          {
            name: 'nginx',
            image: 'nginx:1',
            ports: [{ containerPort: 80 }],
            resources: { requests: { cpu: '100m', memory: '1M' } },
            livenessProbe: { httpGet: { path: '/', port: 80 } },
          },
        ],
      },
    },
    ...more,
  },
})
const WEB = JSON.stringify(web(2))
const CM = JSON.stringify({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'cm', labels: { app: 'cm' } },
  data: { a: '1' },
})

export const APPLY: readonly Step[] = [
  { args: 'version', out: /Server Version: .*v1\.36\.\d+\+kites1/ },
  { args: 'create -f -', input: CM, out: /configmap\/cm created/ },
  { args: 'apply -f -', input: WEB, out: /deployment.apps\/web created/ },
  { args: 'apply -f -', input: WEB, out: /unchanged/ },
  // A quantity may be a number, though /openapi/v2 calls it text.
  { args: 'apply --dry-run=server -f -', input: WEB.replace('"100m"', '0.1'), out: /configured/ },
  { args: 'apply -f -', input: JSON.stringify(web(1)), out: /configured/ },
  {
    args: 'apply -f -',
    input: WEB.replace('"replicas"', '"replicaz"'),
    code: 1,
    // The old one checks itself, by /openapi/v2.
    old: {
      code: 1,
      err: /ValidationError\(Deployment.spec\): unknown field "replicaz" in io.k8s.api.apps.v1.DeploymentSpec/,
    },
    new: { code: 1, err: /unknown field "spec.replicaz"/ },
  },
  {
    args: 'apply -f -',
    input: WEB.replace('"replicas":2', '"replicas":"two"'),
    code: 1,
    old: {
      code: 1,
      err: /invalid type for io.k8s.api.apps.v1.DeploymentSpec.replicas: got "string", expected "integer"/,
    },
  },
  {
    args: 'apply -f -',
    input: WEB.replace(/"selector":.*?}},/, ''),
    code: 1,
    old: { code: 1, err: /missing required field "selector" in io.k8s.api.apps.v1.DeploymentSpec/ },
    new: { code: 1, err: /spec.selector: Required value/ },
  },
  { args: 'diff -f -', input: WEB, code: 1, out: /-  replicas: 1\n\+  replicas: 2/ },
  { args: 'diff --server-side -f -', input: CM, old: 'absent', code: 0 },
  {
    args: 'apply --server-side -f -',
    input: CM.replace('"cm"', '"applied"'),
    out: /configmap\/applied serverside-applied/,
  },
  {
    args: 'apply --server-side --field-manager=other -f -',
    input: CM.replace('"cm"', '"applied"').replace('"1"', '"2"'),
    code: 1,
    err: /conflict with "kubectl": \.data\.a/,
  },
  {
    args: 'apply --server-side --force-conflicts --field-manager=other -f -',
    input: CM.replace('"cm"', '"applied"').replace('"1"', '"2"'),
    out: /serverside-applied/,
  },
  { args: 'apply --dry-run=server -f -', input: WEB, out: /web configured \(server dry run\)/ },
  { args: 'apply --prune -l app=cm -f -', input: CM, out: /configmap\/cm/ },
  { args: 'apply view-last-applied deployment web', out: /replicas: 1/ },
  { args: 'replace -f -', input: CM.replace('"1"', '"3"'), out: /configmap\/cm replaced/ },
  { args: 'replace --force -f -', input: CM.replace('"1"', '"4"'), out: /configmap\/cm replaced/ },
  { args: 'edit configmap cm', out: /configmap\/cm edited/ },
  { args: 'get configmap cm -o jsonpath={.data}', out: /^{"a":"4","edited":"yes"}$/ },
  {
    args: 'apply -f -',
    input: list(web(2), JSON.parse(CM.replace('"cm"', '"two"'))),
    out: /web configured\nconfigmap\/two created/,
  },
  { args: 'apply -k kustom', out: /configmap\/k-kustom created/ },
  { args: 'kustomize kustom', out: /name: k-kustom/ },
]

export const READ: readonly Step[] = [
  { args: 'wait deployment/web --for=condition=Available --timeout=20s', out: /condition met/ },
  {
    args: 'wait deployment/web --for=jsonpath={.status.readyReplicas}=2 --timeout=20s',
    out: /condition met/,
    old: 'absent',
  },
  {
    args: 'get deployments',
    out: /NAME +READY +UP-TO-DATE +AVAILABLE +AGE\nweb +2\/2 +2 +2 /,
  },
  {
    args: 'get deploy -o wide',
    out: /CONTAINERS +IMAGES +SELECTOR\nweb.* nginx +nginx:1 +app=web/,
    err: /^$/,
  },
  { args: 'get deploy web -o json', out: /"apiVersion": "apps\/v1"/ },
  { args: 'get deploy web -o yaml', out: /^ {2}replicas: 2$/m },
  { args: 'get deploy web -o name', out: /^deployment.apps\/web\n$/ },
  { args: 'get deploy web -o jsonpath={.spec.replicas}', out: /^2$/ },
  { args: 'get deploy web -o go-template={{.spec.replicas}}', out: /^2$/ },
  { args: 'get deploy -o custom-columns=N:.metadata.name', out: /^N\nweb\n$/ },
  { args: 'get pods -l app=web --show-labels', out: /Running.*app=web,pod-template-hash=/ },
  { args: 'get pods --field-selector=spec.nodeName=n1 -o name', out: /(pod\/web-.*\n){2}/ },
  { args: 'get pods --sort-by=.metadata.name -A', out: /NAMESPACE +NAME/ },
  { args: 'get rs,deploy', out: /replicaset.apps\/web-\w+ +2 +2 +2[^]*deployment.apps\/web/ },
  { args: 'get all', out: /pod\/web-[^]*deployment.apps\/web[^]*replicaset.apps\/web-/ },
  { args: 'get pods --watch --request-timeout=1s', out: /web-/ },
  { args: 'get --raw /apis/apps/v1', out: /"kind":"APIResourceList"/ },
  { args: 'get nope', code: 1, err: /doesn't have a resource type "nope"/ },
  { args: 'get configmap nope', code: 1, err: /Error from server \(NotFound\)/ },
  { args: 'describe deployment web', out: /Replicas: +2 desired \| 2 updated \| 2 total/ },
  { args: 'describe pods', out: /Status: +Running/ },
  { args: 'describe node n1', out: /Ready +True[^]*Non-terminated Pods: +\(2 in total\)/ },
  { args: 'describe configmap cm', out: /edited:\n----\nyes/ },
  { args: 'describe ns default', out: /Status: +Active/ },
  { args: 'api-resources', out: /^deployments +deploy +apps\/v1 +true +Deployment$/m },
  { args: 'api-resources -o wide', out: /^pods +po +v1 +true +Pod .*deletecollection.*watch/m },
  { args: 'api-resources -o name --namespaced=false', out: /^nodes$/m },
  {
    args: 'api-resources --api-group=apps -o name',
    out: /^controllerrevisions.apps\ndaemonsets.apps/,
  },
  { args: 'api-resources --verbs=list,get -o name', out: /^configmaps$/m },
  { args: 'api-versions', out: /^apps\/v1$[^]*^v1$/m },
  { args: 'cluster-info', out: /control plane.* is running at / },
  { args: 'config view', out: /current-context: test/ },
  { args: 'events', old: 'absent', out: /ScalingReplicaSet/ },
  { args: 'get events', out: /ScalingReplicaSet +deployment\/web +Scaled up/ },
  { args: 'cluster-info dump', out: /"kind": "NodeList"[^]*==== START logs for container nginx/ },
  { args: 'get cs', out: /scheduler +Healthy/ },
  { args: 'top pods', code: 1, err: /Metrics API not available/ },
  { args: 'auth can-i create pods', out: /^yes/ },
  { args: 'auth can-i --list', out: /Resources +Non-Resource URLs/ },
  { args: 'auth whoami', old: 'absent', out: /Username +admin/ },
  { args: 'auth whoami --as=eve --as-group=system:masters', old: 'absent', out: /eve/ },
  { args: 'get configmaps --as=nobody', code: 1, err: /\(Forbidden\).* User "nobody" cannot list/ },
  { args: 'get --raw /readyz', out: /^ok$/ },
]

/** Each with its type arrow as both versions show it: `deployment.spec` is not to be confused with a map. */
export const EXPLAIN: readonly Step[] = [
  { args: 'explain pods --recursive', out: /containers\t<\[\](Object|Container)>/ },
  { args: 'explain deployment.spec.replicas', out: /FIELD: +replicas <integer>[^]*How many pods/ },
  { args: 'explain deployment --recursive', out: /matchLabels\t<map\[string\]string>/ },
  { args: 'explain pod.spec.containers.resources.limits', out: /limits <map\[string\]\w+>/ },
  { args: 'explain crd --recursive', out: /openAPIV3Schema/ },
  { args: 'explain controllerrevisions.data', out: /KIND: +ControllerRevision/ },
  { args: 'explain validatingwebhookconfigurations --recursive', out: /clientConfig/ },
  { args: 'explain resourceclaims --recursive', out: /devices/ },
  { args: 'explain ingress --api-version=extensions/v1beta1 --recursive', out: /serviceName/ },
  { args: 'explain deployment.nope', code: 1, err: /field "nope" does not exist/ },
]

export const CREATE: readonly Step[] = [
  { args: 'create clusterrole c --verb=get --resource=pods', out: /clusterrole.*\/c created/ },
  { args: 'create clusterrolebinding c --clusterrole=c --user=x', out: /created/ },
  { args: 'create configmap made --from-literal=a=b', out: /configmap\/made created/ },
  {
    args: 'create cronjob cj --image=busybox --schedule=@daily',
    out: /cronjob.batch\/cj created/,
    old: { err: /Warning: batch\/v1beta1 CronJob is deprecated in v1.21\+/ },
  },
  { args: 'create deployment two --image=nginx --replicas=0', out: /deployment.apps\/two created/ },
  { args: 'create ingress ing --rule=foo.com/bar=s:80,tls=t', out: /ingress.*\/ing created/ },
  { args: 'create job j --image=busybox -- true', out: /job.batch\/j created/ },
  // Written for batch/v1beta1 alone; Kubernetes 1.21 answers it as we do.
  { args: 'create job j2 --from=cronjob/cj', old: { code: 1 } },
  {
    args: 'create poddisruptionbudget pdb --selector=app=web --min-available=1',
    out: /poddisruptionbudget.policy\/pdb created/,
  },
  { args: 'create priorityclass pc --value=100', out: /priorityclass.*\/pc created/ },
  { args: 'create quota q --hard=pods=100,configmaps=50', out: /resourcequota\/q created/ },
  { args: 'create role r --verb=get --resource=pods', out: /role.*\/r created/ },
  { args: 'create rolebinding rb --role=r --serviceaccount=default:sa', out: /rb created/ },
  { args: 'create secret generic sg --from-literal=a=b', out: /secret\/sg created/ },
  { args: 'create secret tls st --cert=tls.crt --key=tls.key', out: /secret\/st created/ },
  {
    args: 'create secret docker-registry sd --docker-username=u --docker-password=p',
    out: /secret\/sd created/,
  },
  { args: 'create service clusterip sc --tcp=80', out: /service\/sc created/ },
  { args: 'create service nodeport sn --tcp=80', out: /service\/sn created/ },
  { args: 'create service loadbalancer sl --tcp=80', out: /service\/sl created/ },
  { args: 'create service externalname se --external-name=foo.com', out: /service\/se created/ },
  { args: 'create serviceaccount sa', out: /serviceaccount\/sa created/ },
  { args: 'create token sa', old: 'absent', out: /^default:sa/ },
  { args: 'create cm made --from-literal=a=b', code: 1, err: /[Aa]lready ?[Ee]xists/ },
  { args: 'create cm dry --dry-run=client -o yaml', out: /kind: ConfigMap/ },
  { args: 'create cm dry --dry-run=server -o name', out: /configmap\/dry/ },
  { args: 'run solo --image=nginx --port=80 --labels=app=solo', out: /pod\/solo created/ },
  { args: 'wait pod/solo --for=condition=Ready --timeout=20s', out: /condition met/ },
  { args: 'logs solo', out: /^line one\nline two\n$/ },
  { args: 'expose deployment web --port=80 --type=NodePort', out: /service\/web exposed/ },
  { args: 'expose pod solo --port=80 --name=solo', out: /service\/solo exposed/ },
  { args: 'autoscale deployment web --min=1 --max=3', out: /autoscaling\/web autoscaled/ },
  {
    args: 'describe ingress,pdb,quota,secret,sa,svc,hpa,job,cj,role,rolebinding',
    out: /Name: +ing\n/,
  },
  { args: 'describe clusterrole c', out: /pods +\[\] +\[\] +\[get\]/ },
  { args: 'describe hpa web', out: /Reference: +Deployment\/web/ },
  { args: 'get hpa,svc,pdb,quota,ing,job,cj', out: /horizontalpodautoscaler.autoscaling\/web/ },
]

export const CHANGE: readonly Step[] = [
  { args: 'patch deploy web -p {"spec":{"minReadySeconds":0,"paused":false}}', out: /patched/ },
  { args: 'patch deploy web --type=merge -p {"spec":{"revisionHistoryLimit":9}}', out: /patched/ },
  {
    args: 'patch deploy web --type=json -p [{"op":"replace","path":"/spec/revisionHistoryLimit","value":8}]',
    out: /patched/,
  },
  {
    args: 'patch node n1 --subresource=status --type=merge -p {"status":{"capacity":{"example.com/x":"1"}}}',
    old: 'absent',
    out: /patched/,
  },
  {
    args: 'get deploy web --subresource=scale -o name',
    old: 'absent',
    out: /^scale.autoscaling\/web$/m,
  },
  { args: 'wait deploy/web --for=create --timeout=5s', old: 'absent', out: /condition met/ },
  {
    args: 'auth reconcile -f -',
    input: JSON.stringify({
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'Role',
      metadata: { name: 'r', namespace: 'default' },
      rules: [{ apiGroups: [''], resources: ['pods'], verbs: ['get', 'list'] }],
    }),
    out: /role.rbac.authorization.k8s.io\/r reconciled/,
  },
  { args: 'apply set-last-applied --create-annotation -f -', input: WEB, out: /web configured/ },
  { args: 'label deploy web tier=front', out: /labeled/ },
  { args: 'label deploy web tier=back', code: 1, err: /already has a value \(front\)/ },
  { args: 'label deploy web tier=back --overwrite', out: /labeled/ },
  { args: 'label deploy web tier-', out: /web (un)?labeled/ },
  { args: 'annotate deploy web note=hi', out: /web annotate/ },
  { args: 'set image deployment/web nginx=nginx:2', out: /image updated/ },
  { args: 'rollout status deployment/web --timeout=20s', out: /successfully rolled out/ },
  { args: 'rollout history deployment/web', out: /REVISION +CHANGE-CAUSE\n1 .*\n2 / },
  { args: 'rollout history deployment/web --revision=1', out: /Image:\s+nginx:1\n/ },
  { args: 'rollout undo deployment/web', out: /rolled back/ },
  { args: 'get deploy web -o jsonpath={..image}', out: /^nginx:1$/ },
  { args: 'rollout pause deployment/web', out: /paused/ },
  { args: 'rollout resume deployment/web', out: /resumed/ },
  { args: 'rollout restart deployment/web', out: /restarted/ },
  { args: 'rollout status deployment/web --timeout=20s', out: /successfully rolled out/ },
  { args: 'set env deployment/web A=B', out: /env updated/ },
  { args: 'set env deployment/web --list', out: /^A=B$/m },
  { args: 'set resources deployment web --limits=cpu=200m', out: /requirements updated/ },
  { args: 'set selector svc web app=other', out: /selector updated/ },
  { args: 'set serviceaccount deployment web sa', out: /serviceaccount updated/ },
  { args: 'set subject rolebinding rb --user=bob', out: /subjects updated/ },
  { args: 'scale deploy web --replicas=1', out: /scaled/ },
  { args: 'scale deploy web --current-replicas=5 --replicas=1', code: 1, err: /replicas/ },
  { args: 'cordon n1', out: /node\/n1 cordoned/ },
  { args: 'get nodes', out: /n1 +Ready,SchedulingDisabled/ },
  { args: 'uncordon n1', out: /node\/n1 uncordoned/ },
  { args: 'taint node n1 k=v:PreferNoSchedule', out: /node\/n1 tainted/ },
  { args: 'taint node n1 k-', out: /node\/n1 untainted/ },
  { args: 'drain n1 --force --ignore-daemonsets --dry-run=client', out: /evict(ing|ed)|drained/ },
]

/** Manifests of years ago, and kinds read back in the form of old. */
export const OLD_FORMS: readonly Step[] = [
  {
    args: 'get deployments.v1beta1.extensions web -o yaml',
    out: /apiVersion: extensions\/v1beta1\nkind: Deployment/,
    err: /Warning: extensions\/v1beta1 Deployment is deprecated in v1.8\+/,
  },
  {
    args: 'apply -f -',
    input: JSON.stringify({
      apiVersion: 'extensions/v1beta1',
      kind: 'Deployment',
      metadata: { name: 'ancient' },
      spec: {
        replicas: 0,
        template: {
          metadata: { labels: { app: 'ancient' } },
          spec: { containers: [{ name: 'c', image: 'nginx' }] },
        },
      },
    }),
    out: /deployment.(extensions|apps)\/ancient created/,
  },
  { args: 'get deploy ancient -o jsonpath={.apiVersion}', out: /^apps\/v1$/ },
  { args: 'get deploy ancient -o jsonpath={.spec.selector.matchLabels.app}', out: /^ancient$/ },
  { args: 'get cronjobs.v1beta1.batch cj -o jsonpath={.apiVersion}', out: /^batch\/v1beta1$/ },
  { args: 'get ingresses.v1beta1.extensions ing -o yaml', out: /serviceName: s\n/ },
  { args: 'get hpa.v2beta2.autoscaling web -o name', out: /autoscaling\/web/ },
]

export const CERTIFICATES: readonly Step[] = [
  { args: 'get csr', out: /bad .*Pending[^]*good .*Pending/ },
  { args: 'certificate approve good', out: /certificatesigningrequest.*\/good approved/ },
  { args: 'certificate deny bad', out: /certificatesigningrequest.*\/bad denied/ },
  { args: 'get csr', out: /bad .*Denied[^]*good .*Approved/ },
  { args: 'describe csr good', out: /Status: +Approved/ },
]

export const DELETE: readonly Step[] = [
  { args: 'delete deploy,svc -l app=web', out: /deployment.apps "web" deleted/ },
  { args: 'patch pod solo -p {"metadata":{"finalizers":["example.com/hold"]}}', out: /patched/ },
  { args: 'delete pod solo --force --grace-period=0 --wait=false', out: /force deleted/ },
  { args: 'wait pod/solo --for=delete --timeout=1s', code: 1, err: /timed out/ },
  { args: 'patch pod solo --type=merge -p {"metadata":{"finalizers":null}}', out: /patched/ },
  // The old one wants to see it first.
  { args: 'wait pod/solo --for=delete --timeout=20s', old: 'absent', code: 0 },
  { args: 'delete cm --all', out: /configmap "cm" deleted/ },
  { args: 'delete -f - --ignore-not-found', input: CM, code: 0 },
  { args: 'delete role r --cascade=orphan', out: /role.*"r" deleted/ },
  { args: 'delete role r', code: 1, err: /NotFound/ },
  { args: 'delete ns default --wait=false', out: /namespace "default" deleted/ },
]
