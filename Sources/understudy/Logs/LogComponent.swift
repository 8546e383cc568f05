// SPDX-License-Identifier: Apache-2.0
// Copyright the Understudy authors
//
// The parts of the process that write log lines of their own.

/// A part under the name that stands in its lines.
enum LogComponent: String, CaseIterable, Sendable {
    case accessLog = "access_log"
    case admin
    case config
    case http
    case listener
    case main
    case runtime
    case upstream

    /// Envoy's names, for command lines that were written for it: what has no part here is accepted and says nothing.
    static func isEnvoyName(_ name: String) -> Bool { envoyNames.contains(name) }

    private static let envoyNames: Set<String> = [
        "a2a", "admin", "ai_protocol_manager", "alternate_protocols_cache", "assert", "aws", "backtrace", "basic_auth",
        "cache_filter", "client", "compression", "config", "conn_handler", "connection", "credential_injector",
        "decompression", "dns", "dubbo", "dynamic_modules", "envoy_bug", "ext_authz", "ext_proc", "file", "filter",
        "forward_proxy", "geolocation", "golang", "grpc", "happy_eyeballs", "hc", "health_checker", "http", "http2",
        "hystrix", "init", "io", "ip_tagging", "json_rpc", "jwt", "kafka", "key_value_store", "local_rate_limit", "lua",
        "main", "matcher", "mcp", "misc", "mongo", "multi_connection", "notification", "oauth2", "pool", "quic",
        "quic_stream", "rate_limit_quota", "rbac", "rds", "redis", "rocketmq", "router", "runtime", "secret", "sse",
        "stats", "stats_sinks", "tap", "testing", "thrift", "tracing", "udp", "upstream", "wasm", "websocket",
    ]
}
