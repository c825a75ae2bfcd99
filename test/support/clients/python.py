"""Debian's python3-kubernetes against a server: each step prints its name when it is done; a fault ends the script with
its traceback. Arguments: the kubeconfig of a server whose watches expire after 20 changes and whose nodes answer every
log with two lines; that of a server with the running pod default/web, whose containers are processes of this machine;
a port to forward to; a directory for files.
"""
import inspect
import json
import re
import ssl
import sys
import threading
import urllib.request

import yaml
from kubernetes import client, config, utils, watch
from kubernetes.client.rest import ApiException
from kubernetes.dynamic import DynamicClient
from kubernetes.dynamic.exceptions import NotFoundError
from kubernetes.leaderelection import electionconfig
from kubernetes.leaderelection.leaderelection import LeaderElection
from kubernetes.leaderelection.resourcelock.configmaplock import ConfigMapLock
from kubernetes.stream import portforward, stream

API, STREAMS, PORT, DIRECTORY = sys.argv[1:5]
api = config.new_client_from_config(API)
core = client.CoreV1Api(api)
apps = client.AppsV1Api(api)
streaming = client.CoreV1Api(config.new_client_from_config(STREAMS))
NAMESPACE = 'default'
LABELS = {'app': 'python'}
META = {'name': 'python', 'labels': LABELS}
POD = {'containers': [{'name': 'c', 'image': 'i'}]}
TEMPLATE = {'metadata': {'labels': LABELS}, 'spec': POD}
JOB = {'template': {'spec': dict(POD, restartPolicy='Never')}}
SELECTOR = {'matchLabels': LABELS}


def refused(code, work):
    """The work is refused with that code; gives the error."""
    try:
        work()
    except ApiException as error:
        assert error.status == code, error
        return error
    raise AssertionError('not refused with %d' % code)


def strict_certificates():
    """Newer versions of Python take no certificate that RFC 5280 forbids."""
    context = ssl.create_default_context(cafile=api.configuration.ssl_ca_cert)
    context.verify_flags |= ssl.VERIFY_X509_STRICT
    token = {'Authorization': api.configuration.api_key['authorization']}
    request = urllib.request.Request(api.configuration.host + '/version', headers=token)
    assert json.load(urllib.request.urlopen(request, context=context))['major'] == '1'


def version_and_groups():
    assert client.VersionApi(api).get_code().major == '1'
    groups = client.ApisApi(api).get_api_versions().groups
    assert 'apps' in [group.name for group in groups]
    assert client.CoreApi(api).get_api_versions().versions == ['v1']
    assert client.AppsApi(api).get_api_group().preferred_version.version == 'v1'
    names = [resource.name for resource in core.get_api_resources().resources]
    assert 'pods' in names and 'pods/exec' in names


# Betas that were on for everybody, and that the server still has.
BETAS = ('AutoscalingV2beta', 'BatchV1beta', 'DiscoveryV1beta', 'EventsV1beta', 'NodeV1beta',
         'PolicyV1beta', 'StorageV1beta')
UNSERVED = ('Custom', 'Internal', 'Logs', 'Openid', 'WellKnown')


def is_served(name):
    stable = not re.search('alpha|beta', name) and not name.startswith(UNSERVED)
    return name.endswith('Api') and (stable or name.startswith(BETAS))


def every_list_and_read():
    """Each kind and subresource that the client knows, in each version of its time, is served."""
    asked = 0
    for name, group in inspect.getmembers(client, inspect.isclass):
        if not is_served(name):
            continue
        for method in dir(group):
            if not re.match('(list|read|get_api)_', method) or method.endswith('_http_info'):
                continue
            args = ('none',) if method.startswith('read_') else ()
            args += (NAMESPACE,) if '_namespaced_' in method else ()
            try:
                getattr(group(api), method)(*args)
            except ApiException as error:
                assert error.status == 404, (method, error)
                assert '"none" not found' in json.loads(error.body)['message'], (method, error)
            asked += 1
    assert asked > 200, asked


KINDS = [
    (core, 'config_map', {'data': {'k': 'v'}}),
    (core, 'secret', {'stringData': {'k': 'v'}}),
    (core, 'service', {'spec': {'ports': [{'port': 80}]}}),
    (core, 'pod', {'spec': POD}),
    (core, 'service_account', {}),
    (core, 'persistent_volume_claim', {'spec': {
        'accessModes': ['ReadWriteOnce'], 'resources': {'requests': {'storage': '1Gi'}}}}),
    (apps, 'deployment', {'spec': {'selector': SELECTOR, 'template': TEMPLATE}}),
    (apps, 'stateful_set', {'spec': {
        'selector': SELECTOR, 'template': TEMPLATE, 'serviceName': 's'}}),
    (apps, 'daemon_set', {'spec': {'selector': SELECTOR, 'template': TEMPLATE}}),
    (client.BatchV1Api(api), 'job', {'spec': JOB}),
    (client.BatchV1Api(api), 'cron_job', {'spec': {
        'schedule': '* * * * *', 'jobTemplate': {'spec': JOB}}}),
    (client.NetworkingV1Api(api), 'ingress', {'spec': {
        'defaultBackend': {'service': {'name': 's', 'port': {'number': 80}}}}}),
    (client.NetworkingV1Api(api), 'network_policy', {'spec': {'podSelector': {}}}),
    (client.RbacAuthorizationV1Api(api), 'role', {'rules': [
        {'apiGroups': [''], 'resources': ['pods'], 'verbs': ['get']}]}),
    (client.PolicyV1Api(api), 'pod_disruption_budget', {'spec': {
        'selector': SELECTOR, 'minAvailable': '50%'}}),
    (client.AutoscalingV1Api(api), 'horizontal_pod_autoscaler', {'spec': {
        'maxReplicas': 2, 'scaleTargetRef': {'apiVersion': 'apps/v1', 'kind': 'Deployment', 'name': 'd'}}}),
    (client.CoordinationV1Api(api), 'lease', {'spec': {
        'holderIdentity': 'h', 'renewTime': '2026-01-02T03:04:05.678901Z'}}),
    (client.DiscoveryV1Api(api), 'endpoint_slice', {
        'addressType': 'IPv4', 'endpoints': [{'addresses': ['1.2.3.4']}]}),
]


def typed_kinds():
    for group, kind, fields in KINDS:
        def call(verb, *args, **more):
            return getattr(group, '%s_namespaced_%s' % (verb, kind))(*args, **more)
        made = call('create', NAMESPACE, dict(fields, metadata=META))
        read = call('read', 'python', NAMESPACE)
        assert read == made, kind
        found = call('list', NAMESPACE, label_selector='app=python').items
        assert [item.metadata.uid for item in found] == [made.metadata.uid], kind
        read.metadata.labels['replaced'] = 'yes'
        replaced = call('replace', 'python', NAMESPACE, read)
        assert replaced.metadata.labels == {'app': 'python', 'replaced': 'yes'}, kind
        refused(409, lambda: call('replace', 'python', NAMESPACE, read))
        patch = {'metadata': {'labels': {'patched': 'yes', 'replaced': None}}}
        patched = call('patch', 'python', NAMESPACE, patch)
        assert patched.metadata.labels == {'app': 'python', 'patched': 'yes'}, kind
        call('delete', 'python', NAMESPACE, propagation_policy='Background')
        error = refused(404, lambda: call('read', 'python', NAMESPACE))
        assert yaml.safe_load(error.body)['reason'] == 'NotFound', error


def patches():
    apps.create_namespaced_deployment(NAMESPACE, {
        'metadata': META, 'spec': {'selector': SELECTOR, 'template': TEMPLATE}})
    more = {'spec': {'template': {'spec': {'containers': [{'name': 'd', 'image': 'j'}]}}}}
    patched = apps.patch_namespaced_deployment('python', NAMESPACE, more)
    assert [c.name for c in patched.spec.template.spec.containers] == ['d', 'c'], 'strategic'
    operations = [{'op': 'remove', 'path': '/spec/template/spec/containers/0'}]
    patched = apps.patch_namespaced_deployment('python', NAMESPACE, operations)
    assert [c.name for c in patched.spec.template.spec.containers] == ['c'], 'JSON patch'
    scale = apps.patch_namespaced_deployment_scale('python', NAMESPACE, {'spec': {'replicas': 7}})
    assert scale.spec.replicas == 7
    status = apps.patch_namespaced_deployment_status(
        'python', NAMESPACE, {'status': {'replicas': 5}})
    assert (status.spec.replicas, status.status.replicas) == (7, 5)
    apps.delete_collection_namespaced_deployment(NAMESPACE, label_selector='app=python')
    assert apps.list_namespaced_deployment(NAMESPACE).items == []


def orphans_evictions_and_leaders():
    core.create_namespaced_config_map(NAMESPACE, {'metadata': META})
    core.delete_namespaced_config_map('python', NAMESPACE, orphan_dependents=True)
    left = core.read_namespaced_config_map('python', NAMESPACE)
    assert left.metadata.finalizers == ['orphan'], left.metadata
    assert left.metadata.deletion_timestamp
    core.patch_namespaced_config_map('python', NAMESPACE, {'metadata': {'finalizers': None}})
    refused(404, lambda: core.read_namespaced_config_map('python', NAMESPACE))
    core.create_namespaced_pod(NAMESPACE, {'metadata': META, 'spec': POD})
    core.create_namespaced_pod_eviction('python', NAMESPACE, {'metadata': {'name': 'python'}})
    refused(404, lambda: core.read_namespaced_pod('python', NAMESPACE))
    mine, other = election('mine'), election('other')
    assert [one.try_acquire_or_renew() for one in (mine, other, mine)] == [True, False, True]


def election(identity):
    lock = ConfigMapLock('lock', NAMESPACE, identity)
    lock.api_instance = core
    return LeaderElection(electionconfig.Config(
        lock, lease_duration=15, renew_deadline=10, retry_period=5,
        onstarted_leading=print, onstopped_leading=print))


def pages_and_selectors():
    for index in range(7):
        labels = {'pages': 'yes'}
        core.create_namespaced_config_map(
            NAMESPACE, {'metadata': {'name': 'page-%d' % index, 'labels': labels}})
    found, token = [], None
    while token is None or token:
        page = core.list_namespaced_config_map(
            NAMESPACE, label_selector='pages', limit=3, _continue=token)
        found += [item.metadata.name for item in page.items]
        token = page.metadata._continue or ''
    assert found == ['page-%d' % index for index in range(7)], found
    one = core.list_config_map_for_all_namespaces(field_selector='metadata.name=page-3')
    assert [item.metadata.name for item in one.items] == ['page-3']


def next_events(count, **options):
    """The first events of a watch of configmaps, as `TYPE name`, and the last version."""
    watcher, events = watch.Watch(), []
    for event in watcher.stream(core.list_namespaced_config_map, NAMESPACE, **options):
        events.append('%s %s' % (event['type'], event['object'].metadata.name))
        if len(events) == count:
            watcher.stop()
    return events, watcher.resource_version


def watches():
    start = core.list_namespaced_config_map(NAMESPACE).metadata.resource_version

    def write(name):
        core.create_namespaced_config_map(NAMESPACE, {'metadata': {'name': name}})
    timer = threading.Timer(0.2, lambda: [write('w-1'), write('w-2')])
    timer.start()
    events, version = next_events(1, resource_version=start)
    timer.join()
    assert events == ['ADDED w-1'], events
    core.delete_namespaced_config_map('w-1', NAMESPACE)
    events, _ = next_events(2, resource_version=version)
    assert events == ['ADDED w-2', 'DELETED w-1'], events
    for index in range(25):
        core.patch_namespaced_config_map('w-2', NAMESPACE, {'data': {'k': str(index)}})
    error = refused(410, lambda: next_events(1, resource_version='1'))
    assert 'too old resource version' in error.reason, error


def logs():
    core.create_namespaced_pod(NAMESPACE, {
        'metadata': {'name': 'logged'}, 'spec': dict(POD, nodeName='node-1')})
    assert core.read_namespaced_pod_log('logged', NAMESPACE) == 'line one\nline two\n'
    watcher, lines = watch.Watch(), []
    for line in watcher.stream(core.read_namespaced_pod_log, 'logged', NAMESPACE):
        lines.append(line)
        if len(lines) == 2:
            watcher.stop()
    assert lines == ['line one', 'line two'], lines


def exec_stream():
    run = streaming.connect_get_namespaced_pod_exec
    command = ['sh', '-c', 'echo out; echo err >&2']
    said = stream(run, 'web', NAMESPACE, command=command, stdout=True, stderr=True,
                  stdin=False, tty=False)
    assert sorted(said.split()) == ['err', 'out'], said
    command = ['sh', '-c', 'read line; echo got $line; exit 3']
    session = stream(run, 'web', NAMESPACE, command=command, stdout=True, stderr=True,
                     stdin=True, tty=False, _preload_content=False)
    session.write_stdin('typed\n')
    assert session.readline_stdout(timeout=10) == 'got typed'
    session.run_forever(timeout=10)
    assert session.returncode == 3, session.returncode
    refused(0, lambda: stream(run, 'nobody', NAMESPACE, command=['true'], stdout=True))


def port_forward():
    forward = portforward(
        streaming.connect_get_namespaced_pod_portforward, 'web', NAMESPACE, ports=PORT)
    socket = forward.socket(int(PORT))
    socket.setblocking(True)
    socket.sendall(b'GET /python HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n')
    answer = b''
    while b'/python' not in answer:
        part = socket.recv(1024)
        assert part, (answer, forward.error(int(PORT)))
        answer += part
    socket.close()


def dynamic():
    resources = DynamicClient(api, cache_file=DIRECTORY + '/discovery.json').resources
    kind = resources.get(api_version='apps/v1', kind='Deployment')
    assert kind.name == 'deployments' and kind.subresources['scale']
    body = {'apiVersion': 'apps/v1', 'kind': 'Deployment', 'metadata': META,
            'spec': {'replicas': 1, 'selector': SELECTOR, 'template': TEMPLATE}}
    kind.create(body=body, namespace=NAMESPACE)
    start = kind.get(namespace=NAMESPACE).metadata.resourceVersion
    # As text: this version of the client sends no objects of this media type.
    text = json.dumps(dict(body, metadata={'name': 'python'}, spec={'replicas': 4}))
    apply = {'body': text, 'name': 'python', 'namespace': NAMESPACE, 'field_manager': 'python'}
    error = refused(409, lambda: kind.server_side_apply(**apply))
    assert b'Apply failed with 1 conflict' in error.body, error
    applied = kind.server_side_apply(**apply, force_conflicts=True)
    managers = {entry.manager: entry.operation for entry in applied.metadata.managedFields}
    assert managers['python'] == 'Apply', managers
    merge = {'metadata': {'name': 'python', 'labels': {'app': None}}}
    patched = kind.patch(body=merge, namespace=NAMESPACE,
                         content_type='application/merge-patch+json')
    assert not patched.metadata.labels, patched
    seen = []
    for event in kind.watch(namespace=NAMESPACE, resource_version=start, timeout=10):
        seen.append((event['type'], event['object'].spec.replicas))
        if len(seen) == 2:
            kind.delete(name='python', namespace=NAMESPACE)
        if event['type'] == 'DELETED':
            break
    assert seen == [('MODIFIED', 4), ('MODIFIED', 4), ('DELETED', 4)], seen
    try:
        kind.get(name='python', namespace=NAMESPACE)
        raise AssertionError('still there')
    except NotFoundError:
        pass
    several = resources.get(api_version='v1', kind='List')
    several.create(body={'apiVersion': 'v1', 'kind': 'List', 'items': [
        {'apiVersion': 'v1', 'kind': 'ConfigMap', 'metadata': {'name': 'of-list'}}]},
        namespace=NAMESPACE)
    assert core.read_namespaced_config_map('of-list', NAMESPACE).metadata.name == 'of-list'
    assert len(resources.search(kind='HorizontalPodAutoscaler')) > 1


def custom_objects_and_files():
    objects = client.CustomObjectsApi(api)
    utils.create_from_dict(api, {
        'apiVersion': 'networking.k8s.io/v1', 'kind': 'NetworkPolicy',
        'metadata': META, 'spec': {'podSelector': {}}})
    where = ('networking.k8s.io', 'v1', NAMESPACE, 'networkpolicies')
    found = objects.list_namespaced_custom_object(*where)
    assert [item['metadata']['name'] for item in found['items']] == ['python']
    patch = {'metadata': {'labels': {'patched': 'yes'}}}
    patched = objects.patch_namespaced_custom_object(*where, 'python', patch)
    assert patched['metadata']['labels']['patched'] == 'yes'
    gone = objects.delete_namespaced_custom_object(*where, 'python')
    assert gone['status'] == 'Success', gone


for step in (strict_certificates, version_and_groups, every_list_and_read, typed_kinds,
             patches, orphans_evictions_and_leaders, pages_and_selectors, watches, logs,
             exec_stream, port_forward, dynamic, custom_objects_and_files):
    step()
    print(step.__name__, flush=True)
