// SPDX-License-Identifier: Apache-2.0

/// A value and where it was given; nil for one that comes from no source.
struct Located<Value> {
    let value: Value
    let location: ConfigurationLocation?

    init(_ value: Value, at location: ConfigurationLocation?) {
        self.value = value
        self.location = location
    }
}

extension Located: Sendable where Value: Sendable {}
extension Located: Equatable where Value: Equatable {}

extension Optional {
    /// Keeps the first value: ssh_config(5)'s rule for nearly every option.
    mutating func setIfUnset<Value>(
        _ value: Value?, at location: ConfigurationLocation?
    ) where Wrapped == Located<Value> {
        if self == nil, let value { self = Located(value, at: location) }
    }
}

/// What the sources say, before defaults, tokens and paths: nil where they say nothing.
struct OptionValues: Sendable {
    /// A value of an option that we do not have.
    struct Refusal: Sendable {
        let keyword: String
        let value: Located<String>
        let reason: String
        /// Whether the value asks for nothing that we lack.
        let isHarmless: Bool
    }

    var hostName: Located<String>?
    var user: Located<String>?
    var port: Located<UInt16>?
    var addressFamily: Located<AddressFamily>?
    var bindAddress: Located<String>?
    var connectTimeout: Located<Duration>?
    var connectionAttempts: Located<Int>?
    var tcpKeepAlive: Located<Bool>?
    var ipQoS: Located<TypeOfService>?

    var hostKeyAlias: Located<String>?
    var userKnownHostsFiles: Located<[String]>?
    var globalKnownHostsFiles: Located<[String]>?
    var strictHostKeyChecking: Located<StrictHostKeyChecking>?
    var hashKnownHosts: Located<Bool>?
    var checkHostIP: Located<Bool>?
    var noHostAuthenticationForLocalhost: Located<Bool>?
    var updateHostKeys: Located<UpdateHostKeys>?

    var ciphers: Located<AlgorithmSelection>?
    var macs: Located<AlgorithmSelection>?
    var kexAlgorithms: Located<AlgorithmSelection>?
    var hostKeyAlgorithms: Located<AlgorithmSelection>?
    var pubkeyAcceptedAlgorithms: Located<AlgorithmSelection>?
    var compression: Located<Bool>?
    var requiredRSASize: Located<Int>?
    var rekeyLimit: Located<RekeyLimit>?

    var identityFiles: [Located<String>] = []
    var certificateFiles: [Located<String>] = []
    var identitiesOnly: Located<Bool>?
    var identityAgent: Located<String>?
    var batchMode: Located<Bool>?
    var preferredAuthentications: Located<[String]>?
    var passwordAuthentication: Located<Bool>?
    var kbdInteractiveAuthentication: Located<Bool>?
    var pubkeyAuthentication: Located<Bool>?
    var numberOfPasswordPrompts: Located<Int>?

    var serverAliveInterval: Located<Duration>?
    var serverAliveCountMax: Located<Int>?
    var logLevel: Located<LogLevel>?
    /// Patterns; one with a `-` has already removed those before it.
    var sendEnv: [Located<String>] = []
    var setEnv: Located<[EnvironmentVariable]>?
    var ignoredUnknown: Located<[Pattern]>?

    /// The first value of each option that we do not have, by the name of what it decides.
    var refusals: [String: Refusal] = [:]
}
