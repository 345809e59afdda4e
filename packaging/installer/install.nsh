; The installer: checks first, then the transaction (transaction.nsh), then registry and shortcuts.

Function .onInit
  SetShellVarContext current
  !insertmacro HasFlag "" "--updated" $isUpdate
  !insertmacro HasFlag "" "--force-run" $isForceRun
  Call readData
  Call refuseOldWindows
  !insertmacro TakeMutex ""
  Call warnWhenElevated
  ReadRegStr $oldFolder HKCU "${KEY_APP}" "InstallLocation"
  ${If} ${Silent}
    Call checkFolder
    ${If} $R0 <> 0
      SetErrorLevel $R0
      Call startAgain
      Quit
    ${EndIf}
  ${EndIf}
FunctionEnd

Function refuseOldWindows
  ; A 64-bit Setup cannot even be loaded by 32-bit Windows, which says so itself.
  StrCpy $R1 "1"
!if ${NSIS_PTR_SIZE} = 4
  ${IfNot} ${RunningX64}
    StrCpy $R1 "0"
  ${EndIf}
!endif
  SetRegView 64
  ; This value exists from Windows 10 on.
  ReadRegDWORD $R0 HKLM "SOFTWARE\Microsoft\Windows NT\CurrentVersion" "CurrentMajorVersionNumber"
  ${If} $R1 == "1"
  ${AndIf} $R0 >= 10
    Return
  ${EndIf}
  MessageBox MB_OK|MB_ICONSTOP "${PRODUCT_NAME} needs 64-bit Windows 10 or newer." /SD IDOK
  Call startAgain
  SetErrorLevel ${ERROR_WINDOWS}
  Quit
FunctionEnd

Function warnWhenElevated
  ${If} ${Silent}
    Return
  ${EndIf}
  UserInfo::GetAccountType
  Pop $R0
  ${If} $R0 == "Admin"
    UserInfo::GetName
    Pop $R1
    MessageBox MB_OKCANCEL|MB_ICONEXCLAMATION "Setup was started as administrator. It does not need to be: ${PRODUCT_NAME} is installed for one person, now for $R1.$\r$\n$\r$\nIf that is not you, choose Cancel and start Setup with a normal double click. ${PRODUCT_NAME} itself refuses to run as administrator, because its database does." IDOK proceed
    Call startAgain
    SetErrorLevel ${ERROR_CANCELLED}
    Quit
    proceed:
  ${EndIf}
FunctionEnd

Function skipWhenUpdating
  ${If} $isUpdate == "1"
    Abort
  ${EndIf}
FunctionEnd

; Is $INSTDIR ours, new or empty? The code of the refusal in $R0, 0 for none; its words in $R1.
Function checkFolder
  StrCpy $R0 0
  StrLen $R2 "$INSTDIR"
  IntOp $R2 $R2 + ${LONGEST_PATH}
  IntOp $R2 $R2 + 11
  ${If} $R2 > ${MAX_PATH_UNITS}
    StrCpy $R0 ${ERROR_PATH}
    StrCpy $R1 "The path of this folder is too long for Windows. Choose a shorter one."
    Return
  ${EndIf}
  ; Program and data in one folder: removing the one would endanger the other.
  StrLen $R2 "$LOCALAPPDATA\${PRODUCT_NAME}"
  StrCpy $R3 "$INSTDIR\" $R2
  StrCpy $R4 "$INSTDIR\" 1 $R2
  ${If} $R3 == "$LOCALAPPDATA\${PRODUCT_NAME}"
  ${AndIf} $R4 == "\"
    StrCpy $R0 ${ERROR_FOREIGN_FOLDER}
    StrCpy $R1 "This is the folder of ${PRODUCT_NAME}'s data. Choose another one for the program."
    Return
  ${EndIf}
  ${If} ${FileExists} "$INSTDIR\${UNINSTALLER}"
  ${OrIf} ${FileExists} "$INSTDIR\${LIST_ON_DISK}"
    Return
  ${EndIf}
  ; Somebody else's files: another program's could be overwritten, and ours would lie among them.
  FindFirst $R3 $R4 "$INSTDIR\*.*"
  ${DoUntil} $R4 == ""
    ${If} $R4 != "."
    ${AndIf} $R4 != ".."
    ${AndIf} $R4 != ".incoming"
    ${AndIf} $R4 != ".outgoing"
      StrCpy $R0 ${ERROR_FOREIGN_FOLDER}
      StrCpy $R1 "This folder is not empty and does not hold ${PRODUCT_NAME}. Choose an empty or a new folder."
    ${EndIf}
    FindNext $R3 $R4
  ${Loop}
  FindClose $R3
FunctionEnd

Function leaveFolder
  Call checkFolder
  ${If} $R0 <> 0
    MessageBox MB_OK|MB_ICONEXCLAMATION "$R1"
    Abort
  ${EndIf}
FunctionEnd

; An earlier version in another folder would stay behind without any way to remove it.
Function removeMovedVersion
  ${If} $oldFolder == ""
  ${OrIfNot} ${FileExists} "$oldFolder\${UNINSTALLER}"
    Return
  ${EndIf}
  ; One folder may have two names (short names, junctions): a file that appears in both is in one.
  FileOpen $R0 "$INSTDIR\.same-folder" w
  FileClose $R0
  StrCpy $R1 "0"
  ${If} ${FileExists} "$oldFolder\.same-folder"
    StrCpy $R1 "1"
  ${EndIf}
  Delete "$INSTDIR\.same-folder"
  ${If} $R1 == "1"
    Return
  ${EndIf}
  DetailPrint "Removing the version in $oldFolder"
  ExecWait '"$oldFolder\${UNINSTALLER}" /S --updated _?=$oldFolder' $R0
  ${If} $R0 <> 0
    MessageBox MB_OK|MB_ICONEXCLAMATION "The earlier version in $oldFolder could not be removed, because it is still running or a file of it is in use. Quit it and delete that folder; your data is not in it." /SD IDOK
    Return
  ${EndIf}
  Delete "$oldFolder\${UNINSTALLER}"
  RMDir "$oldFolder"
FunctionEnd

; The program has quit for an update that did not happen, by itself or because Setup asked it to: it must not stay down,
; orders may be open. Where it still runs, the second one only shows the window of the first.
Function startAgain
  ${If} $isForceRun != "1"
  ${AndIf} $wasRunning != "1"
    Return
  ${EndIf}
  ${If} ${FileExists} "$INSTDIR\${PRODUCT_FILENAME}.exe"
    Call startProgram
  ${EndIf}
FunctionEnd

Section "Install"
  SetRegView 64
  Call ensureStopped
  !insertmacro DeleteTree "" "${INCOMING}"
  DetailPrint "Unpacking"
  !insertmacro ExtractAll "${INCOMING}"
  SetOutPath "$INSTDIR"

  ; Meanwhile it may have been started again.
  Call ensureStopped
  DetailPrint "Installing"
  StrCpy $hasFailed "0"
  InitPluginsDir
  CopyFiles /SILENT "$INSTDIR\${LIST_ON_DISK}" "${OLD_LIST}"
  ; After a power cut in the middle of an update the old files are in there alone: not before the new ones are unpacked.
  !insertmacro DeleteTree "" "${OUTGOING}"
  CreateDirectory "${OUTGOING}"
  Call retireOldFiles
  !insertmacro ForEachFolder PrepareFolder
  !insertmacro ForEachFile PlaceFile
  ${If} $hasFailed == "1"
    !insertmacro ForEachFile RestoreFile
    Call bringBackOldFiles
    !insertmacro DeleteTree "" "${INCOMING}"
    !insertmacro DeleteTree "" "${OUTGOING}"
    !insertmacro ForEachFolderDeepestFirst DropEmptyFolder
    Call startAgain
    SetErrorLevel ${ERROR_IN_USE}
    Quit
  ${EndIf}
  Call tidyOldFolders
  !insertmacro DeleteTree "" "${OUTGOING}"
  !insertmacro DeleteTree "" "${INCOMING}"
  WriteUninstaller "$INSTDIR\${UNINSTALLER}"
  Call removeMovedVersion
  Call writeRegistry
  Call writeShortcuts
SectionEnd

Function writeRegistry
  WriteRegStr HKCU "${KEY_APP}" "InstallLocation" "$INSTDIR"
  WriteRegStr HKCU "${KEY_UNINSTALL}" "DisplayName" "${PRODUCT_NAME}"
  WriteRegStr HKCU "${KEY_UNINSTALL}" "DisplayVersion" "${VERSION}"
  WriteRegStr HKCU "${KEY_UNINSTALL}" "Publisher" "${COMPANY_NAME}"
  WriteRegStr HKCU "${KEY_UNINSTALL}" "DisplayIcon" "$INSTDIR\${PRODUCT_FILENAME}.exe,0"
  WriteRegStr HKCU "${KEY_UNINSTALL}" "InstallLocation" "$INSTDIR"
  WriteRegStr HKCU "${KEY_UNINSTALL}" "UninstallString" '"$INSTDIR\${UNINSTALLER}"'
  WriteRegStr HKCU "${KEY_UNINSTALL}" "QuietUninstallString" '"$INSTDIR\${UNINSTALLER}" /S'
  WriteRegDWORD HKCU "${KEY_UNINSTALL}" "EstimatedSize" ${INSTALL_KB}
  WriteRegDWORD HKCU "${KEY_UNINSTALL}" "NoModify" 1
  WriteRegDWORD HKCU "${KEY_UNINSTALL}" "NoRepair" 1
  ${GetTime} "" "L" $R0 $R1 $R2 $R3 $R4 $R5 $R6
  WriteRegStr HKCU "${KEY_UNINSTALL}" "InstallDate" "$R2$R1$R0"
FunctionEnd

Function writeShortcuts
  SetOutPath "$INSTDIR"
  CreateShortCut "$SMPROGRAMS\${PRODUCT_NAME}.lnk" "$INSTDIR\${PRODUCT_FILENAME}.exe" "" "$INSTDIR\${PRODUCT_FILENAME}.exe" 0 SW_SHOWNORMAL "" "Algorithmic trading on your own PC"
  !insertmacro SetShortcutIdentity "$SMPROGRAMS\${PRODUCT_NAME}.lnk"
  ; Who deleted the icon from the desktop does not get it back with every update.
  ${If} $isUpdate != "1"
  ${OrIf} ${FileExists} "$DESKTOP\${PRODUCT_NAME}.lnk"
    CreateShortCut "$DESKTOP\${PRODUCT_NAME}.lnk" "$INSTDIR\${PRODUCT_FILENAME}.exe" "" "$INSTDIR\${PRODUCT_FILENAME}.exe" 0 SW_SHOWNORMAL "" "Algorithmic trading on your own PC"
    !insertmacro SetShortcutIdentity "$DESKTOP\${PRODUCT_NAME}.lnk"
  ${EndIf}
  System::Call 'shell32::SHChangeNotify(i 0x08000000, i 0, p 0, p 0)'
FunctionEnd

Function startProgram
  UserInfo::GetAccountType
  Pop $R0
  ${If} $R0 == "Admin"
    ; The desktop's own Explorer starts it with the person's normal rights; it takes no arguments.
    Exec '"$WINDIR\explorer.exe" "$INSTDIR\${PRODUCT_FILENAME}.exe"'
  ${Else}
    Exec '"$INSTDIR\${PRODUCT_FILENAME}.exe"$dataArguments'
  ${EndIf}
FunctionEnd

Function .onInstSuccess
  ${If} ${Silent}
  ${AndIf} $isForceRun == "1"
    Call startProgram
  ${EndIf}
FunctionEnd

; Unpacking failed (a full disk, mostly) or was cancelled: what was installed before is untouched.
Function .onInstFailed
  SetOutPath "$TEMP"
  !insertmacro DeleteTree "" "${INCOMING}"
  RMDir "$INSTDIR"
  Call startAgain
FunctionEnd
