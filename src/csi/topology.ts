/** Key of the topology segment that names a node, as cStor's classes have it in `allowedTopologies`. */
export const topologyNodeName = 'topology.cstor.openebs.io/nodeName';
