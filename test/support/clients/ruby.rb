# Debian's ruby-kubeclient against a server: each step prints its name when it is done; a fault ends the script with its
# message. Argument: the kubeconfig of a server whose nodes answer every log with two lines.
require 'kubeclient'

CONTEXT = Kubeclient::Config.read(ARGV.fetch(0)).context
OPTIONS = { ssl_options: CONTEXT.ssl_options, auth_options: CONTEXT.auth_options }.freeze
def client(path = '', **more)
  Kubeclient::Client.new("#{CONTEXT.api_endpoint}#{path}", 'v1', **OPTIONS, **more)
end
CORE = client
APPS = client('/apis/apps')
NAMESPACE = 'default'.freeze
LABELS = { app: 'ruby' }.freeze

def check(holds, said = nil)
  raise "not so: #{said.inspect}" unless holds
end

def metadata(name, labels = LABELS)
  { name: name, namespace: NAMESPACE, labels: labels }
end

def refused(code)
  yield
  raise "not refused with #{code}"
rescue Kubeclient::HttpError => e
  check(e.error_code == code, e)
  e
end

def discovery
  check(CORE.api_valid?)
  check(APPS.api_valid?)
  CORE.discover
  %i[get_config_maps watch_endpoints create_pod_template apply_service].each do |name|
    check(CORE.respond_to?(name), name)
  end
  check(APPS.respond_to?(:merge_patch_stateful_set))
end

def entities
  made = CORE.create_config_map(Kubeclient::Resource.new(metadata: metadata('one'), data: { k: 'v' }))
  read = CORE.get_config_map('one', NAMESPACE)
  check(read.metadata.uid == made.metadata.uid && read.data.k == 'v', read)
  read.data.k = 'w'
  check(CORE.update_config_map(read).data.k == 'w')
  refused(409) { CORE.update_config_map(read) }
  check(CORE.get_config_maps(label_selector: 'app=ruby').map { |one| one.metadata.name } == ['one'])
  check(CORE.get_config_map('one', NAMESPACE, as: :parsed)['data'] == { 'k' => 'w' })
  check(JSON.parse(CORE.get_config_maps(as: :raw))['kind'] == 'ConfigMapList')
  error = refused(404) { CORE.get_config_map('none', NAMESPACE) }
  check(error.is_a?(Kubeclient::ResourceNotFoundError))
  check(error.message.include?('configmaps "none" not found'), error)
end

def patches
  spec = { containers: [{ name: 'c', image: 'i' }] }
  APPS.create_deployment(
    Kubeclient::Resource.new(
      metadata: metadata('d'),
      spec: { selector: { matchLabels: LABELS }, template: { metadata: { labels: LABELS }, spec: spec } }
    )
  )
  more = { spec: { template: { spec: { containers: [{ name: 'd', image: 'j' }] } } } }
  names = ->(deployment) { deployment.spec.template.spec.containers.map(&:name) }
  check(names.call(APPS.patch_deployment('d', more, NAMESPACE)) == %w[d c])
  check(names.call(APPS.merge_patch_deployment('d', more, NAMESPACE)) == %w[d])
  operations = [{ op: 'replace', path: '/spec/replicas', value: 3 }]
  check(APPS.json_patch_deployment('d', operations, NAMESPACE).spec.replicas == 3)
  apply = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: metadata('d', {}), spec: { replicas: 4 } }
  refused(409) { APPS.apply_deployment(apply, field_manager: 'ruby', force: false) }
  applied = APPS.apply_deployment(apply, field_manager: 'ruby')
  check(applied.spec.replicas == 4)
  check(applied.metadata.managedFields.any? { |one| one.manager == 'ruby' && one.operation == 'Apply' })
  gone = Kubeclient::Resource.new(apiVersion: 'v1', kind: 'DeleteOptions', propagationPolicy: 'Background')
  APPS.delete_deployment('d', NAMESPACE, delete_options: gone)
  refused(404) { APPS.get_deployment('d', NAMESPACE) }
end

def chunks
  5.times { |index| CORE.create_secret(Kubeclient::Resource.new(metadata: metadata("s-#{index}"))) }
  names = []
  token = nil
  loop do
    page = CORE.get_secrets(namespace: NAMESPACE, limit: 2, continue: token)
    names += page.map { |one| one.metadata.name }
    token = page.continue
    break if page.last?
  end
  check(names == %w[s-0 s-1 s-2 s-3 s-4], names)
end

def watches
  version = CORE.get_config_maps(namespace: NAMESPACE).resourceVersion
  2.times { |index| CORE.create_config_map(Kubeclient::Resource.new(metadata: metadata("w-#{index}"))) }
  CORE.delete_config_map('w-0', NAMESPACE)
  seen = []
  watcher = CORE.watch_config_maps(namespace: NAMESPACE, resource_version: version, label_selector: 'app=ruby')
  watcher.each do |notice|
    seen << "#{notice.type} #{notice.object.metadata.name}"
    watcher.finish if seen.length == 3
  end
  check(seen == ['ADDED w-0', 'ADDED w-1', 'DELETED w-0'], seen)
  one = CORE.watch_config_maps(namespace: NAMESPACE, name: 'w-1', as: :raw)
  one.each do |line|
    check(JSON.parse(line)['object']['metadata']['name'] == 'w-1', line)
    one.finish
  end
end

def logs_and_everything
  spec = { nodeName: 'node-1', containers: [{ name: 'c', image: 'i' }] }
  CORE.create_pod(Kubeclient::Resource.new(metadata: metadata('logged'), spec: spec))
  check(CORE.get_pod_log('logged', NAMESPACE, container: 'c', tail_lines: 2) == "line one\nline two\n")
  lines = []
  CORE.watch_pod_log('logged', NAMESPACE) { |line| lines << line }
  check(lines == ['line one', 'line two'], lines)
  all = CORE.all_entities
  check(all['pod'].map { |one| one.metadata.name } == ['logged'], all.keys)
  check(all['config_map'].length == 2, all['config_map'].length)
  check(CORE.proxy_url('pod', 'logged', 80, NAMESPACE).end_with?('/namespaces/default/pods/logged:80/proxy'))
end

%i[discovery entities patches chunks watches logs_and_everything].each do |step|
  send(step)
  puts step
  $stdout.flush
end
