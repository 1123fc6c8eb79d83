/// Serin's annotations about how bytes travel: in ingress-nginx a ConfigMap says it for all Ingresses.
extension AnnotationCatalogue {
    static let transport: [Row] = [
        .supported("gzip", "`on` or `off`: whether responses are compressed, whatever `gzip` of the configuration says"),
        .supported("gzip-level", "from 1, quick, to 9, small"),
        .supported("gzip-min-length", "shorter bodies pass as they are"),
        .supported("gzip-types", "the media types that are compressed"),
        .supported("upstream-proxy-protocol", "`v1` or `v2`: the upstream gets a PROXY header before each request, on a connection of its own"),
    ]
}
