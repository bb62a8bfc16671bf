// SPDX-License-Identifier: Apache-2.0

/// How the user logs in, and what happens while the connection lasts.
extension EffectTable {
    static let authentication: [String: Proof] = [
        "IdentityFile": .observed([
            OptionEffect(
                given: "IdentityFile={rsa key}", identity: nil,
                shows: ["Accepted publickey for", "outcome: connected"],
                otherwise: ["publickey: there is no key to offer"])
        ]),
        "CertificateFile": .observed([
            OptionEffect(
                given: "CertificateFile={files}/certificate.pub", identity: "certified",
                shows: ["Accepted publickey for", "ED25519-CERT SHA256:"],
                otherwise: ["Permission denied"])
        ]),
        "IdentitiesOnly": .observed([
            OptionEffect(
                given: "IdentitiesOnly=yes", beside: ["IdentityAgent {agent}"],
                shows: ["said: Offering public key: {ed25519 key}"],
                otherwise: ["ssh2: RSA SHA256:"])
        ]),
        "IdentityAgent": .observed([
            OptionEffect(
                given: "IdentityAgent={agent}", identity: nil,
                shows: ["Accepted publickey for", "ssh2: RSA SHA256:"],
                otherwise: ["Permission denied"])
        ]),
        "AddKeysToAgent": .test("keyThatWasUsedIsGivenToTheAgent", in: "KeyLoginTests"),
        "PKCS11Provider": .observed([
            OptionEffect(
                given: "PKCS11Provider=/lib/of-keys.so",
                shows: ["said: PKCS11Provider /lib/of-keys.so: its keys are used through the agent"]
            )
        ]),
        "SecurityKeyProvider": .observed([
            OptionEffect(
                given: "SecurityKeyProvider=/lib/of-keys.so",
                shows: [
                    "said: SecurityKeyProvider /lib/of-keys.so: its keys are used through the agent"
                ])
        ]),
        "BatchMode": .observed([
            OptionEffect(
                given: "BatchMode=yes", identity: nil,
                shows: ["BatchMode allows no questions", "number of questions: 0"],
                otherwise: ["@server's password: "])
        ]),
        "PreferredAuthentications": .observed([
            OptionEffect(
                given: "PreferredAuthentications=password",
                shows: ["asked: ", "publickey: not among PreferredAuthentications"],
                otherwise: ["outcome: connected"])
        ]),
        "PasswordAuthentication": .observed([
            OptionEffect(
                given: "PasswordAuthentication=no", identity: nil,
                shows: ["password: PasswordAuthentication is no", "number of questions: 0"],
                otherwise: ["@server's password: "])
        ]),
        "KbdInteractiveAuthentication": .observed([
            OptionEffect(
                given: "KbdInteractiveAuthentication=no", identity: nil,
                shows: ["keyboard-interactive: KbdInteractiveAuthentication is no"],
                otherwise: ["method keyboard-interactive"])
        ]),
        "KbdInteractiveDevices": .observed([
            OptionEffect(
                given: "KbdInteractiveDevices=of-a-test", identity: nil,
                shows: ["keyboard-interactive devs of-a-test"])
        ]),
        "PubkeyAuthentication": .observed([
            OptionEffect(
                given: "PubkeyAuthentication=no", shows: ["publickey: PubkeyAuthentication is no"],
                otherwise: ["method publickey-hostbound-v00@openssh.com"]),
            OptionEffect(
                given: "PubkeyAuthentication=unbound", shows: ["method publickey [preauth]"],
                otherwise: ["method publickey-hostbound-v00@openssh.com"]),
        ]),
        "GSSAPIAuthentication": .observed([
            OptionEffect(
                given: "GSSAPIAuthentication=yes", identity: nil,
                shows: ["gssapi-with-mic: this program does not have it"])
        ]),
        "NumberOfPasswordPrompts": .observed([
            OptionEffect(
                given: "NumberOfPasswordPrompts=1", identity: nil,
                answers: ["wrong", "wrong", "wrong"], shows: ["number of questions: 1"],
                otherwise: ["number of questions: 3"])
        ]),
    ]

    static let session: [String: Proof] = [
        "ServerAliveInterval": .test("serverThatFallsSilentIsGivenUp", in: "FailureTests"),
        "ServerAliveCountMax": .test("serverThatFallsSilentIsGivenUp", in: "FailureTests"),
        "ChannelTimeout": .test("channelWithoutDataIsClosedInTime", in: "ChannelTimeoutTests"),
        "LogLevel": .observed([
            OptionEffect(
                given: "LogLevel=QUIET", shows: ["number of messages: 0"],
                otherwise: ["said: kex: algorithm: "]),
            OptionEffect(given: "LogLevel=DEBUG2", shows: ["said: offered ciphers: "]),
        ]),
        "SyslogFacility": .integrationCase("syslog"),
        "SendEnv": .observed([
            OptionEffect(given: "SendEnv=HAWSER_S*", shows: ["shell: HAWSER_SENT=by name"])
        ]),
        "SetEnv": .observed([
            OptionEffect(given: "SetEnv=HAWSER_SET=\"a b\"", shows: ["shell: HAWSER_SET=a b"])
        ]),
    ]
}
