// SPDX-License-Identifier: Apache-2.0

import SSHCrypto

/// The keys of the simulated server, and of another one; made by `ssh-keygen` for these tests and for
/// nothing else.
enum HostKey {
    static let server = Result { () throws -> PrivateKey in
        try PrivateKeyFile(Array(hostKeyText.utf8).span).privateKey()
    }
    static let other = Result { () throws -> PrivateKey in
        try PrivateKeyFile(Array(otherHostKeyText.utf8).span).privateKey()
    }
}

private let hostKeyText = """
    -----BEGIN OPENSSH PRIVATE KEY-----
    b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAMwAAAAtzc2gtZW
    QyNTUxOQAAACCld9DWXLSAcpQ4sLqCpVe06eulv1UwBhSJNvcaCTjkywAAAJDk92so5Pdr
    KAAAAAtzc2gtZWQyNTUxOQAAACCld9DWXLSAcpQ4sLqCpVe06eulv1UwBhSJNvcaCTjkyw
    AAAECsa0u8BdMPcOQe3zqCSVwaTNvWEWwj2mtYmq1EE4k3i6V30NZctIBylDiwuoKlV7Tp
    66W/VTAGFIk29xoJOOTLAAAACnNpbXVsYXRpb24BAgM=
    -----END OPENSSH PRIVATE KEY-----

    """

private let otherHostKeyText = """
    -----BEGIN OPENSSH PRIVATE KEY-----
    b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAMwAAAAtzc2gtZW
    QyNTUxOQAAACAGiQ9jCKJLc8bXqxenNeUQpH0KLOjRyKt1hLhnhSQHDAAAAJAJg6DbCYOg
    2wAAAAtzc2gtZWQyNTUxOQAAACAGiQ9jCKJLc8bXqxenNeUQpH0KLOjRyKt1hLhnhSQHDA
    AAAEABqJNSGQEeyjlkkhM7JJYjuziJqcxORfJ2j9vQowrU8QaJD2MIoktzxterF6c15RCk
    fQos6NHIq3WEuGeFJAcMAAAACnNpbXVsYXRpb24BAgM=
    -----END OPENSSH PRIVATE KEY-----

    """
