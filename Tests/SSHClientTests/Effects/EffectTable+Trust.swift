// SPDX-License-Identifier: Apache-2.0

/// Which host keys are trusted, and how the connection is protected.
extension EffectTable {
    static let hostKeys: [String: Proof] = [
        "HostKeyAlias": .observed([
            OptionEffect(
                given: "HostKeyAlias=alias.test", shows: ["known_hosts: alias.test ssh-ed25519 "],
                otherwise: ["known_hosts: [127.0.0.1]:{port} ssh-ed25519 "])
        ]),
        "UserKnownHostsFile": .observed([
            OptionEffect(
                given: "UserKnownHostsFile=%d/other", shows: ["other: [127.0.0.1]:{port} "],
                otherwise: ["known_hosts: [127.0.0.1]:{port} "])
        ]),
        "GlobalKnownHostsFile": .observed([
            OptionEffect(
                given: "GlobalKnownHostsFile={files}/known", beside: ["StrictHostKeyChecking yes"],
                shows: ["outcome: connected"], otherwise: ["host key verification failed"])
        ]),
        "KnownHostsCommand": .observed([
            OptionEffect(
                given: "KnownHostsCommand=/bin/cat {files}/known",
                beside: ["StrictHostKeyChecking yes"], shows: ["outcome: connected"],
                otherwise: ["host key verification failed"])
        ]),
        "CheckHostIP": .test("anAddressWithAnotherKeyIsDecidedOn", in: "HostAddressTests"),
        "RevokedHostKeys": .observed([
            OptionEffect(
                given: "RevokedHostKeys={host key}",
                shows: ["host key verification failed: the key is revoked in {host key}"])
        ]),
        "StrictHostKeyChecking": .observed([
            OptionEffect(
                given: "StrictHostKeyChecking=yes", shows: ["host key verification failed"],
                otherwise: ["said: Warning: Permanently added '[127.0.0.1]:{port}' (ED25519)"]),
            OptionEffect(
                given: "StrictHostKeyChecking=ask", answers: ["yes"],
                shows: ["asked: The authenticity of host '[127.0.0.1]:{port}"]),
        ]),
        "HashKnownHosts": .observed([
            OptionEffect(given: "HashKnownHosts=yes", shows: ["known_hosts: |1|"])
        ]),
        "NoHostAuthenticationForLocalhost": .observed([
            OptionEffect(
                given: "NoHostAuthenticationForLocalhost=yes",
                beside: ["StrictHostKeyChecking yes"], shows: ["outcome: connected"],
                otherwise: ["host key verification failed"])
        ]),
        "UpdateHostKeys": .test("nothingIsLearnedWhereItIsNotWanted", in: "UpdateHostKeysTests"),
        "VerifyHostKeyDNS": .test("aValidatedFingerprintIsEnough", in: "HostKeysInDNSTests"),
        "VisualHostKey": .observed([
            OptionEffect(
                given: "VisualHostKey=yes", beside: ["GlobalKnownHostsFile {files}/known"],
                shows: ["said: +--[ED25519 256]--+"])
        ]),
        "FingerprintHash": .observed([
            OptionEffect(
                given: "FingerprintHash=md5", beside: ["StrictHostKeyChecking yes"],
                shows: ["the key MD5:"], otherwise: ["the key SHA256:"])
        ]),
    ]

    static let algorithms: [String: Proof] = [
        "Ciphers": .observed([
            OptionEffect(
                given: "Ciphers=aes192-ctr",
                shows: ["kex: client->server cipher: aes192-ctr MAC: "])
        ]),
        "MACs": .observed([
            OptionEffect(
                given: "MACs=hmac-sha2-512", beside: ["Ciphers aes128-ctr"],
                shows: ["MAC: hmac-sha2-512 "])
        ]),
        "KexAlgorithms": .observed([
            OptionEffect(
                given: "KexAlgorithms=ecdh-sha2-nistp384",
                shows: ["server: debug1: kex: algorithm: ecdh-sha2-nistp384"])
        ]),
        "HostKeyAlgorithms": .observed([
            OptionEffect(
                given: "HostKeyAlgorithms=rsa-sha2-256",
                shows: ["server: debug1: kex: host key algorithm: rsa-sha2-256"])
        ]),
        "CASignatureAlgorithms": .test("authoritiesOfOtherTypesDo", in: "HostCertificateTests"),
        "PubkeyAcceptedAlgorithms": .observed([
            OptionEffect(
                given: "PubkeyAcceptedAlgorithms=-ssh-ed25519",
                shows: ["publickey: there is no key to offer"],
                otherwise: ["said: Offering public key: {ed25519 key}"])
        ]),
        "Compression": .observed([
            OptionEffect(
                given: "Compression=yes",
                shows: ["compression: zlib@openssh.com", "Enabling compression at level"])
        ]),
        "RequiredRSASize": .observed([
            OptionEffect(
                given: "RequiredRSASize=3072", identity: "user-rsa-2048",
                shows: ["the RSA key has 2048 bits, and 3072 are required"],
                otherwise: ["said: Offering public key: {rsa key}"]),
            OptionEffect(
                given: "RequiredRSASize=3072", beside: ["HostKeyAlgorithms rsa-sha2-512"],
                shows: ["host key verification failed: the RSA key has 2048 bits"]),
        ]),
        "RekeyLimit": .test("keysAreRenewedWhileDataFlows", in: "AlgorithmTests"),
        "WarnWeakCrypto": .observed([
            OptionEffect(
                given: "WarnWeakCrypto=yes",
                shows: ["does not use a post-quantum key exchange algorithm"])
        ]),
        "VersionAddendum": .observed([
            OptionEffect(
                given: "VersionAddendum=\"on %h, by test\"",
                shows: ["remote software version Hawser on 127.0.0.1, by test"])
        ]),
    ]
}
