// SPDX-License-Identifier: Apache-2.0

/// How the effect of each option is shown: the one place to add to when an option is added.
enum EffectTable {
    /// By keyword, as ssh_config(5) spells it.
    static let proofs: [String: Proof] =
        names
        .merging(connection, uniquingKeysWith: only).merging(canonicalNames, uniquingKeysWith: only)
        .merging(hostKeys, uniquingKeysWith: only).merging(algorithms, uniquingKeysWith: only)
        .merging(authentication, uniquingKeysWith: only).merging(session, uniquingKeysWith: only)

    private static func only(_ first: Proof, _ second: Proof) -> Proof {
        preconditionFailure("two proofs for one option: \(first), \(second)")
    }

    private static let names: [String: Proof] = [
        "HostName": .observed([
            OptionEffect(
                given: "HostName=127.0.0.1", host: "nowhere.test", shows: ["outcome: connected"],
                otherwise: ["outcome: could not resolve hostname nowhere.test"])
        ]),
        "User": .observed([
            OptionEffect(given: "User=no-such-user", shows: ["Invalid user no-such-user"])
        ]),
        "Tag": .observed([
            OptionEffect(
                given: "Tag=effect", file: "Match tagged effect\nUser tagged-user",
                shows: ["Invalid user tagged-user"])
        ]),
        "IgnoreUnknown": .observed([
            OptionEffect(
                given: "IgnoreUnknown=Nonsense", file: "Nonsense yes",
                shows: ["outcome: connected"], otherwise: ["outcome: /config line 1: Nonsense"])
        ]),
    ]

    private static let connection: [String: Proof] = [
        "Port": .observed([
            OptionEffect(
                given: "Port={closed port}",
                shows: ["outcome: connect to 127.0.0.1 port {closed port}: Connection refused"])
        ]),
        "AddressFamily": .observed([
            OptionEffect(
                given: "AddressFamily=inet6",
                shows: ["outcome: could not resolve hostname 127.0.0.1: "])
        ]),
        "BindAddress": .observed([
            OptionEffect(given: "BindAddress=127.0.0.9", shows: ["Connection from 127.0.0.9 "])
        ]),
        "BindInterface": .test("addressOfTheInterfaceIsConnectedFrom", in: "ProxyTests"),
        "ProxyCommand": .observed([
            OptionEffect(
                given: "ProxyCommand=sh -c 'echo by way of %h >&2; exec {server}'",
                shows: ["said: the proxy command: by way of 127.0.0.1", "socket at work: none"])
        ]),
        "ProxyUseFdpass": .test("passedDescriptorCarriesTheConnection", in: "ProxyTests"),
        "ProxyJump": .observed([
            OptionEffect(given: "ProxyJump=hop", shows: ["server_request_direct_tcpip"])
        ]),
        "ConnectTimeout": .test("silentServerTimesOut", in: "FailureTests"),
        "ConnectionAttempts": .test(
            "refusedConnectionIsTriedAgainAsOftenAsConfigured", in: "FailureTests"),
        "TCPKeepAlive": .observed([
            OptionEffect(
                given: "TCPKeepAlive=no", shows: ["socket at work: keepalive 0"],
                otherwise: ["socket at work: keepalive 1"])
        ]),
        // Half of a pair holds until the user is in, the other one from then on.
        "IPQoS": .observed([
            OptionEffect(
                given: "IPQoS=af21 cs1",
                shows: [
                    "socket at the login: keepalive 1, type of service 72",
                    "socket at work: keepalive 1, type of service 32",
                ],
                otherwise: [
                    "socket at the login: keepalive 1, type of service 184",
                    "socket at work: keepalive 1, type of service 0",
                ])
        ]),
        "RefuseConnection": .observed([
            OptionEffect(given: "RefuseConnection=\"closed today\"", shows: ["closed today"])
        ]),
        "ControlPath": .test("masterCarriesASubsystem", in: "SharingTests"),
        "ControlMaster": .test("noConnectionIsSharedAndAnyMasterIsUsed", in: "SharingTests"),
        "ControlPersist": .test("noConnectionIsSharedAndAnyMasterIsUsed", in: "SharingTests"),
    ]

    private static let canonicalNames: [String: Proof] = [
        "CanonicalizeHostname": .observed([
            OptionEffect(
                given: "CanonicalizeHostname=yes", host: "box",
                beside: ["CanonicalDomains domain.test"],
                shows: ["outcome: connected"],
                otherwise: ["outcome: could not resolve hostname box:"])
        ]),
        "CanonicalDomains": .observed([
            OptionEffect(
                given: "CanonicalDomains=domain.test", host: "box",
                beside: ["CanonicalizeHostname yes"],
                shows: ["outcome: connected"],
                otherwise: ["outcome: could not resolve hostname box:"])
        ]),
        "CanonicalizeFallbackLocal": .observed([
            OptionEffect(
                given: "CanonicalizeFallbackLocal=no", host: "elsewhere",
                beside: ["CanonicalizeHostname yes", "CanonicalDomains domain.test"],
                shows: ["is not known in any of the CanonicalDomains"],
                otherwise: ["outcome: could not resolve hostname elsewhere:"])
        ]),
        "CanonicalizeMaxDots": .observed([
            OptionEffect(
                given: "CanonicalizeMaxDots=0", host: "a.b",
                beside: ["CanonicalizeHostname yes", "CanonicalDomains domain.test"],
                shows: ["outcome: could not resolve hostname a.b:"],
                otherwise: ["outcome: connected"])
        ]),
        "CanonicalizePermittedCNAMEs": .observed([
            OptionEffect(
                given: "CanonicalizePermittedCNAMEs=*.domain.test:*.other.test", host: "alias",
                beside: ["CanonicalizeHostname yes", "CanonicalDomains domain.test"],
                shows: ["known_hosts: [box.other.test]:{port} "],
                otherwise: ["known_hosts: [alias.domain.test]:{port} "])
        ]),
    ]
}
