; What installer and uninstaller share: command line, "is it running?", shortcuts' identity.

Var flagWanted
Var flagRest
Var flagFound

; Looks for a word of the command line; electron-updater writes them with two dashes, in any order.
!macro DefineHasFlag un
Function ${un}hasFlag
  StrCpy $flagFound "0"
  ${GetParameters} $flagRest
  StrCpy $flagRest " $flagRest "
  StrLen $R1 " $flagWanted "
  StrLen $R2 $flagRest
  StrCpy $R3 0
  ${While} $R3 < $R2
    StrCpy $R4 $flagRest $R1 $R3
    ${If} $R4 == " $flagWanted "
      StrCpy $flagFound "1"
      ${Break}
    ${EndIf}
    IntOp $R3 $R3 + 1
  ${EndWhile}
FunctionEnd
!macroend
!insertmacro DefineHasFlag ""
!insertmacro DefineHasFlag "un."

; The data folder that the running program was given, as it stands on the command line: --data=X, --data="X", or "--data=X"
; as Node writes it. $dataArguments gets what passes it on, with a space before it; "" for the usual folder.
Function readData
  StrCpy $dataArguments ""
  ${GetParameters} $R0
  StrCpy $R0 " $R0"
  StrCpy $R1 0
  ${Do}
    StrCpy $R2 $R0 8 $R1
    ${If} $R2 == ""
      Return
    ${EndIf}
    ${If} $R2 == " --data="
    ${OrIf} $R2 == '"--data='
      ${Break}
    ${EndIf}
    IntOp $R1 $R1 + 1
  ${Loop}
  IntOp $R1 $R1 + 8
  StrCpy $R3 $R2 1
  StrCpy $R4 $R0 1 $R1
  ${If} $R3 == " "
  ${AndIf} $R4 == '"'
    StrCpy $R3 '"'
    IntOp $R1 $R1 + 1
  ${EndIf}
  StrCpy $R5 ""
  ${Do}
    StrCpy $R4 $R0 1 $R1
    ${If} $R4 == ""
    ${OrIf} $R4 == $R3
      ${Break}
    ${EndIf}
    StrCpy $R5 "$R5$R4"
    IntOp $R1 $R1 + 1
  ${Loop}
  ; A backslash before the closing quote would take its meaning away: it is written twice.
  StrCpy $R6 ""
  ${Do}
    StrCpy $R4 $R5 1 -1
    ${If} $R4 != "\"
      ${Break}
    ${EndIf}
    StrCpy $R5 $R5 -1
    StrCpy $R6 "\\"
  ${Loop}
  ${If} $R5 != ""
    StrCpy $dataArguments ' --data "$R5$R6"'
  ${EndIf}
FunctionEnd

; Deletes the folder in $R8 with all that is in it. Links in it (and $R8 itself, when it is one) are removed, never what
; they lead to: RMDir /r would empty that place.
!macro DefineDeleteTree un
Function ${un}deleteTree
  Push $R0
  Push $R1
  System::Call 'kernel32::GetFileAttributesW(w R8)i.R0'
  IntOp $R0 $R0 & ${FILE_ATTRIBUTE_REPARSE_POINT}
  ${If} $R0 <> 0
    System::Call 'kernel32::RemoveDirectoryW(w R8)'
  ${Else}
    FindFirst $R0 $R1 "$R8\*.*"
    ${DoUntil} $R1 == ""
      ${If} $R1 != "."
      ${AndIf} $R1 != ".."
        ; Takes files and links to files; folders stay.
        Delete "$R8\$R1"
        ${If} ${FileExists} "$R8\$R1"
          Push $R8
          StrCpy $R8 "$R8\$R1"
          Call ${un}deleteTree
          Pop $R8
        ${EndIf}
      ${EndIf}
      FindNext $R0 $R1
    ${Loop}
    FindClose $R0
    RMDir "$R8"
  ${EndIf}
  Pop $R1
  Pop $R0
FunctionEnd
!macroend
!define FILE_ATTRIBUTE_REPARSE_POINT 0x400
!insertmacro DefineDeleteTree ""
!insertmacro DefineDeleteTree "un."

!macro DeleteTree un folder
  StrCpy $R8 "${folder}"
  Call ${un}deleteTree
!macroend

!macro HasFlag un flag result
  StrCpy $flagWanted "${flag}"
  Call ${un}hasFlag
  StrCpy ${result} $flagFound
!macroend

; A program or library that is in use cannot be opened for writing. An antivirus program that scans it looks the same.
!macro LookAtProgram relative
  ${If} $busyFile == ""
  ${AndIf} ${FileExists} "$INSTDIR\${relative}"
    ClearErrors
    FileOpen $R0 "$INSTDIR\${relative}" a
    ${If} ${Errors}
      StrCpy $busyFile "${relative}"
    ${Else}
      FileClose $R0
    ${EndIf}
  ${EndIf}
!macroend

; Asks a running Mainspring to stop, and waits for all of its processes. It stops as it does from its own menu: with
; open orders the program itself asks the person.
!define STOP_POLLS 180
!define STOP_POLL_MS 500
!macro DefineEnsureStopped un verb
Function ${un}findBusyFile
  StrCpy $busyFile ""
  !insertmacro ForEachProgram LookAtProgram
FunctionEnd

Function ${un}ensureStopped
  Call ${un}findBusyFile
  ${If} $busyFile == ""
    Return
  ${EndIf}
  MessageBox MB_OKCANCEL|MB_ICONINFORMATION "${PRODUCT_NAME} is running. It is asked to stop now; ${verb} goes on when it has stopped.$\r$\n$\r$\nOrders at your broker are not touched by this." /SD IDOK IDOK ask
!if "${un}" == ""
    Call startAgain
!endif
    SetErrorLevel ${ERROR_CANCELLED}
    Quit
  ask:
!if "${un}" == ""
  ; It is the first program that is looked at. A database alone, left behind by a crash, is not "running".
  ${If} $busyFile == "${PRODUCT_FILENAME}.exe"
    StrCpy $wasRunning "1"
  ${EndIf}
!endif
  ; Not ExecWait: with open orders the question of the program may stand for a while.
  Exec '"$INSTDIR\${PRODUCT_FILENAME}.exe" --quit$dataArguments'
  StrCpy $R5 0
  wait:
    DetailPrint "Waiting for $busyFile to end"
    Sleep ${STOP_POLL_MS}
    Call ${un}findBusyFile
    ${If} $busyFile == ""
      Return
    ${EndIf}
    IntOp $R5 $R5 + 1
    ; A silent update may be told to wait less (tests do).
    ReadEnvStr $R6 MAINSPRING_SETUP_STOP_POLLS
    ${If} $R6 == ""
      StrCpy $R6 ${STOP_POLLS}
    ${EndIf}
    ${If} $R5 < $R6
      Goto wait
    ${EndIf}
  MessageBox MB_RETRYCANCEL|MB_ICONEXCLAMATION "$busyFile is still in use.$\r$\n$\r$\nQuit ${PRODUCT_NAME} from its symbol beside the clock (right click, Quit), or wait until your antivirus program has finished with the file. Nothing has been changed so far." /SD IDCANCEL IDRETRY ask
!if "${un}" == ""
  Call startAgain
!endif
  SetErrorLevel ${ERROR_RUNNING}
  Quit
FunctionEnd
!macroend
!insertmacro DefineEnsureStopped "" "Setup"
!insertmacro DefineEnsureStopped "un." "Removing it"

; Only one Setup at a time: the second would move files away under the first.
!macro TakeMutex un
  System::Call 'kernel32::CreateMutexW(p 0, i 0, w "${APP_ID}.setup")p.R1 ?e'
  Pop $R0
  ${If} $R0 = 183
    MessageBox MB_OK|MB_ICONEXCLAMATION "Another ${PRODUCT_NAME} Setup is running. Finish that one first." /SD IDOK
!if "${un}" == ""
    Call startAgain
!endif
    SetErrorLevel ${ERROR_SECOND_SETUP}
    Quit
  ${EndIf}
!macroend
