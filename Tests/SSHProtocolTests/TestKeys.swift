// SPDX-License-Identifier: Apache-2.0

import SSHCrypto

/// The host key algorithms that need no certificate, for which ``TestKeys`` has keys.
let hostKeyAlgorithms = TestKeys.hostKeys.flatMap(\.publicKey.type.signatureAlgorithms).filter {
    $0 != .rsaSHA1
}.map { PublicKeyAlgorithm($0) }

/// The key exchange methods that need nothing from outside.
let ourMethods = KeyAgreementAlgorithm.allCases.filter { !$0.needsMLKEM }

/// How our server lets users sign.
let userKeyAlgorithms = hostKeyAlgorithms.map(\.signature)

extension PublicKeyAlgorithm {
    static let ed25519 = Self(.ed25519)
    static let ecdsaP256 = Self(.ecdsaP256)
    static let rsaSHA256 = Self(.rsaSHA256)
}

/// Keys made by `ssh-keygen` for these tests, and for nothing else.
enum TestKeys {
    static let ed25519 = parse(ed25519Text)
    static let ecdsaP256 = parse(ecdsaP256Text)
    static let ecdsaP384 = parse(ecdsaP384Text)
    static let ecdsaP521 = parse(ecdsaP521Text)
    static let rsa = parse(rsaText)
    static let user = parse(userText)

    /// One host key of each type.
    static let hostKeys = [ed25519, ecdsaP256, ecdsaP384, ecdsaP521, rsa]

    /// The files of the host keys.
    static let texts: [KeyType: String] = [
        .ed25519: ed25519Text, .ecdsaP256: ecdsaP256Text, .ecdsaP384: ecdsaP384Text,
        .ecdsaP521: ecdsaP521Text, .rsa: rsaText,
    ]

    private static func parse(_ file: String) -> PrivateKey {
        do {
            return try PrivateKeyFile(Array(file.utf8).span).privateKey()
        } catch {
            preconditionFailure("a test key is broken: \(error)")
        }
    }

    private static let ed25519Text = """
        -----BEGIN OPENSSH PRIVATE KEY-----
        b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAMwAAAAtzc2gtZW
        QyNTUxOQAAACAdyzgl90hQRzR+D0+YPfxlAyBYILyQzX1gzidvydrcmgAAAIjR1jm60dY5
        ugAAAAtzc2gtZWQyNTUxOQAAACAdyzgl90hQRzR+D0+YPfxlAyBYILyQzX1gzidvydrcmg
        AAAECan3tadnZIo7DppQw7nAzqjIYTs99rmPvsnWO60i5PIx3LOCX3SFBHNH4PT5g9/GUD
        IFggvJDNfWDOJ2/J2tyaAAAAAAECAwQF
        -----END OPENSSH PRIVATE KEY-----
        """

    private static let ecdsaP256Text = """
        -----BEGIN OPENSSH PRIVATE KEY-----
        b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAaAAAABNlY2RzYS
        1zaGEyLW5pc3RwMjU2AAAACG5pc3RwMjU2AAAAQQSDFNtZMGrhqxZQwxC9sXp6o+mWHdms
        ak2/6jVlwsYf8GdpFaTMdA4QUHbtSpiCIML7rvCKZ5kkIYztbQYQwQrbAAAAmHECi/xxAo
        v8AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBIMU21kwauGrFlDD
        EL2xenqj6ZYd2axqTb/qNWXCxh/wZ2kVpMx0DhBQdu1KmIIgwvuu8IpnmSQhjO1tBhDBCt
        sAAAAgNt0asXwfzzISa09EnIdAT5oxuG+L4hXUNHaoWMdwZrAAAAAA
        -----END OPENSSH PRIVATE KEY-----
        """

    private static let ecdsaP384Text = """
        -----BEGIN OPENSSH PRIVATE KEY-----
        b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAiAAAABNlY2RzYS
        1zaGEyLW5pc3RwMzg0AAAACG5pc3RwMzg0AAAAYQRyNQm8vps2Y8COxXATESLaH6WuIUT0
        cr3miOO6WHY9dQjd4pvsmSpnU1qF+2iCiZyAX5mBf1wumHLEbC/aaI+8Rkh8wfDlpDlyXV
        NkezInJfQLxVHnU6C21P4c8MSe1xcAAADQyZ2m8cmdpvEAAAATZWNkc2Etc2hhMi1uaXN0
        cDM4NAAAAAhuaXN0cDM4NAAAAGEEcjUJvL6bNmPAjsVwExEi2h+lriFE9HK95ojjulh2PX
        UI3eKb7JkqZ1NahftogomcgF+ZgX9cLphyxGwv2miPvEZIfMHw5aQ5cl1TZHsyJyX0C8VR
        51OgttT+HPDEntcXAAAAMQDkDTalTL7rKoaugQBFhecU9oKTRNXBM9NJDM/Tog1stiy2Kq
        PS7sw4lABsMt6vMOYAAAAAAQIDBAUGBw==
        -----END OPENSSH PRIVATE KEY-----
        """

    private static let ecdsaP521Text = """
        -----BEGIN OPENSSH PRIVATE KEY-----
        b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAArAAAABNlY2RzYS
        1zaGEyLW5pc3RwNTIxAAAACG5pc3RwNTIxAAAAhQQBu/EwzN7UPBFvyTWXZVN4F92UchMq
        PS8dLn2wwwTcAfQvBcWDPUkitjtGqRWkbf5/2+sqv3bwworySf/2DqnNpWEA23v/Fj1/IU
        2lqjMvdacmqKhecuysKKPUCm+//6uj7baMBrdIJMwq0LxqEa/yY4YWn85HZGmXBKerSJve
        XufWswIAAAEAPDjEHDw4xBwAAAATZWNkc2Etc2hhMi1uaXN0cDUyMQAAAAhuaXN0cDUyMQ
        AAAIUEAbvxMMze1DwRb8k1l2VTeBfdlHITKj0vHS59sMME3AH0LwXFgz1JIrY7RqkVpG3+
        f9vrKr928MKK8kn/9g6pzaVhANt7/xY9fyFNpaozL3WnJqioXnLsrCij1Apvv/+ro+22jA
        a3SCTMKtC8ahGv8mOGFp/OR2RplwSnq0ib3l7n1rMCAAAAQgDUKtUEhDfMN5J9J7hbwZvq
        C8LkvPUZSLmq9AE77cELnTYFpc7tWBOMpCFP3Jh+TPtP1h6IV8ycidY9eYhWRhAjkgAAAA
        ABAg==
        -----END OPENSSH PRIVATE KEY-----
        """

    private static let rsaText = """
        -----BEGIN OPENSSH PRIVATE KEY-----
        b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAABFwAAAAdzc2gtcn
        NhAAAAAwEAAQAAAQEA8QWu3cvEgM+tMBe6mo9QT1m6THh+PsSiBhXnpKX/MH3pnTR/dpEp
        mj7Zpa6pwSZQmEJNWNBOW+TL++SS1RoMcI92EQDecg6x1t29M+HPngIMhQjSWN9vFsULCR
        9dpCF6XrKJedaqo0JPiHxhm+yPf0oEaRqu5+pspfyrSkMi+eLyXGm7wSs8qFosrAg3/c9g
        /+yNm0XZ7QshT0cxfQlY/jRoIJZy2zNRAxoknjRrQO7forTKVPMNB/qH/5yWy+6ubN8jaG
        I2Z/t9XF6nr/W+kmheN9yO8ig8m8Undl6222ao44TflmO+xzY6eKXz5RSaAAVyz73mEOQl
        op2tyq8QlwAAA7gDFlOxAxZTsQAAAAdzc2gtcnNhAAABAQDxBa7dy8SAz60wF7qaj1BPWb
        pMeH4+xKIGFeekpf8wfemdNH92kSmaPtmlrqnBJlCYQk1Y0E5b5Mv75JLVGgxwj3YRAN5y
        DrHW3b0z4c+eAgyFCNJY328WxQsJH12kIXpesol51qqjQk+IfGGb7I9/SgRpGq7n6myl/K
        tKQyL54vJcabvBKzyoWiysCDf9z2D/7I2bRdntCyFPRzF9CVj+NGgglnLbM1EDGiSeNGtA
        7t+itMpU8w0H+of/nJbL7q5s3yNoYjZn+31cXqev9b6SaF433I7yKDybxSd2XrbbZqjjhN
        +WY77HNjp4pfPlFJoABXLPveYQ5CWina3KrxCXAAAAAwEAAQAAAQAx6M5cKWzoi5i+Y7uF
        c/XaaKc2XKEv2EIA5ppQMvuUDA7LOerHH6owwaEKOQ/36jo4PUqNAJ2pU8iVwbBSJpG64U
        o+nSJzFe3no4UhcDow6xWymrAMLUBww57UZcVbTn9riqcDLtuo8PtNNQx1YFgasLYXGaps
        ZdPXz2mc+CgO/HPxiKjqxLJvYKmxuye9qAeC46+dmspaxlxpszIZ68P+Aw/jZq9h/o4acb
        t9hvIxA52fQQjrl5b6hEbpskkpMUYZ25Q8Z3JKQx8ggeMY1hc6sFD4QqHwUBtLL+8cSO92
        wSouZV6ssOYeF2aIJKsdIwNx+9XXvxqalyppMhky8LB5AAAAgQC1LmBbrFrF7CIU/uAMsV
        d0lZTsabm8FFtK0IutlWrVjluYuPAayiefmXBfRtCt7EqrWdoBr1BVVc8usBnn8NkQ8M3E
        c74jAq41uj3nqI4B8Ob9Lo+HcapZWHXNil7QAEcO+SD7fGbBJQ/lki59j+mNW1Yj7hDif/
        lsOn0RbEBo9gAAAIEA/pPXpV/Hps9o1XQRH3eFZceUvaHJAEtIp5g0Mep5+iqVG4vRuX80
        nod7pwE8uLzuM8KZL9B+a4b+v9DLVXsU4kOBLUh87Dejz0GxLCJJ5Zhr/1iGV2zpTOBSu4
        gWAOS4kcrNzzl9qy+sps3psDXp5KXDmYJ+bmsxVKLdO00ZOKsAAACBAPJec15k56peqoGF
        x/JFvdbfBPjdnkcH7l4sQ2M6PhG8FEtFUobnpPq2U4IsXJEvI2M29ohz9YQhhzIkHi8o7U
        c56qVBiSVo9raLFiVtPa6YBBx2C/v3+W5SQiTFyF3Whjt5YaXDPh4GFo2B0O8o0Rg3sYtd
        VvcKOlCRWfjMvV/FAAAAAAEC
        -----END OPENSSH PRIVATE KEY-----
        """

    static let userText = """
        -----BEGIN OPENSSH PRIVATE KEY-----
        b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAMwAAAAtzc2gtZW
        QyNTUxOQAAACD2pybEcd3XbrdONw9Q1Shb8nIwITiRlvLHRGDgT4ajHgAAAIgDzqVJA86l
        SQAAAAtzc2gtZWQyNTUxOQAAACD2pybEcd3XbrdONw9Q1Shb8nIwITiRlvLHRGDgT4ajHg
        AAAEBdLg+yCFoarWMDJyyy0H24E8O9ECaM1BgV8BiWTuu8K/anJsRx3ddut043D1DVKFvy
        cjAhOJGW8sdEYOBPhqMeAAAAAAECAwQF
        -----END OPENSSH PRIVATE KEY-----
        """
}
